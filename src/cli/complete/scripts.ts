export const SHELLS = ["bash", "zsh", "fish"] as const

export type Shell = (typeof SHELLS)[number]

/**
 * Each script calls `cnitap __complete LINE` with the line up to the cursor and reads one candidate per line, with its help
 * after a tab. If the first line is `:files`, the shell completes paths.
 */
export const SCRIPTS: Record<Shell, string> = {
  bash: `# cnitap completion for bash: source <(cnitap completion bash)
_cnitap() {
  local line=\${COMP_LINE:0:COMP_POINT} out current prefix candidate
  out=$(cnitap __complete "$line" 2>/dev/null) || return
  if [ "\${out%%$'\\n'*}" = ":files" ]; then
    compopt -o default 2>/dev/null
    COMPREPLY=()
    return
  fi
  # readline breaks words at = and :, and replaces what is after them only.
  current=\${line##*[[:space:]]}
  prefix=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$prefix"}")
  done <<<"$out"
  case "\${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _cnitap cnitap
`,
  zsh: `#compdef cnitap
# cnitap completion for zsh: cnitap completion zsh > "\${fpath[1]}/_cnitap", or source it after compinit
_cnitap() {
  local -a lines values described
  local line candidate
  lines=("\${(@f)$(cnitap __complete "\${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
  if [[ "$lines[1]" == ":files" ]]; then
    _files
    return
  fi
  for line in $lines; do
    candidate=\${line%%$'\\t'*}
    [[ -n "$candidate" ]] || continue
    values+=("$candidate")
    described+=("$candidate  -- \${line#*$'\\t'}")
  done
  (( $#values )) || return 1
  compadd -l -d described -a values
}
if [[ "$funcstack[1]" == "_cnitap" ]]; then _cnitap "$@"; else compdef _cnitap cnitap; fi
`,
  fish: `# cnitap completion for fish: cnitap completion fish > ~/.config/fish/completions/cnitap.fish
function __cnitap_complete
    set -l out (cnitap __complete (commandline -cp) 2>/dev/null)
    if test "$out[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        string join \\n -- $out
    end
end
complete -c cnitap -f -a '(__cnitap_complete)'
`,
}
