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

/* (text): whether it contains a mark, or bytes written as numbers */
NATIVE(findMark)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    int isFound;
    UNUSED;
    if (!text) return JS_EXCEPTION;
    isFound = holdsMark(&marks, text, length);
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, isFound);
}
