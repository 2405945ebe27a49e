/* The relay's search for marks of secrets, for records that are made here. */
#pragma once
#include "../../relay/hosts/marks.h"
#include "values.h"

static Marks marks;

/* (lines as in marks.h): false if there are too many */
NATIVE(openMarks)
{
    const char *lines = JS_ToCString(ctx, argv[0]);
    int isSet = lines && setMarks(&marks, lines, 0);
    UNUSED;
    JS_FreeCString(ctx, lines);
    return JS_NewBool(ctx, isSet);
}

/* (text, as a string or in UTF-8): whether it contains a mark, or bytes written as numbers */
NATIVE(findMark)
{
    size_t length;
    const uint8_t *bytes = JS_IsString(argv[0]) ? NULL : bytesOf(ctx, argv[0], &length);
    const char *text = bytes ? NULL : JS_ToCStringLen(ctx, &length, argv[0]);
    int isFound;
    UNUSED;
    if (!bytes && !text) return JS_EXCEPTION;
    isFound = holdsMark(&marks, bytes ? (const void *)bytes : text, length);
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, isFound);
}
