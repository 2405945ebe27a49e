/* Mounts a FUSE file system whose daemon never answers: stalled-fuse DIRECTORY. Prints "mounted" and waits until stdin
 * ends; the kernel then aborts what hangs. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char options[128], byte;
    int fd = open("/dev/fuse", O_RDWR);
    snprintf(options, sizeof options, "fd=%d,rootmode=40700,user_id=0,group_id=0,allow_other", fd);
    if (argc < 2 || fd < 0 || mount("stalled", argv[1], "fuse", MS_NOSUID | MS_NODEV, options)) { perror("stalled-fuse"); return 1; }
    puts("mounted");
    fflush(stdout);
    while (read(0, &byte, 1) > 0) ;
    umount2(argv[1], MNT_DETACH);
    return 0;
}
