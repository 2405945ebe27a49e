/* A plugin that uses the streams of the C library, whose system calls differ from library to library. */
#include <stdio.h>

int main(void)
{
    static char text[100000];
    size_t size = fread(text, 1, sizeof text, stdin);
    printf("%zu: ", size);
    fwrite(text, 1, size, stdout);
    for (int i = 0; i < 3000; i++) printf("%d,", i);
    fprintf(stderr, "to %s", "stderr");
    return 5;
}
