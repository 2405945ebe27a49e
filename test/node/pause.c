/* The one process of a pod sandbox: it holds the pod's namespaces until the runtime kills it. */
#include <signal.h>
#include <unistd.h>

static void leave(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  /* It is process 1 of its namespace, where a signal without a handler does nothing: stopping would take 10 s. */
  signal(SIGTERM, leave);
  signal(SIGINT, leave);
  for (;;) pause();
}
