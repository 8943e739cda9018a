#include "loader/xml.h"

#include "loader/intake.h"
#include "loader/memory.h"

#include <assert.h>
#include <err.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct xml {
    XML_Parser parser;
    const struct register_description *description;
    xml_on_row *on_row;
    void *context;
    uint64_t fed_size;
    uint32_t depth;     /* elements open */
    uint32_t row_depth; /* of the row's element; 0: in no row */
    uint32_t row_line;
    int column; /* whose text is being read, or -1 */
    unsigned refusal;
    uint8_t refused_column;
    const char *complaint; /* ours, when we stopped the parser */
    uint32_t sizes[COLUMN_COUNT_MAX];
    bool is_seen[COLUMN_COUNT_MAX];
    char texts[COLUMN_COUNT_MAX][XML_FIELD_SIZE_MAX];
};

/* The parser would go on with what it has: only the first complaint is the cause. */
static void stop(struct xml *xml, const char *complaint)
{
    if (xml->complaint == NULL)
        xml->complaint = complaint;
    XML_StopParser(xml->parser, XML_FALSE);
}

static void refuse(struct xml *xml, enum refusal refusal, int column)
{
    if (xml->refusal != 0) /* the first reason stands */
        return;
    xml->refusal = refusal;
    xml->refused_column = (uint8_t)(column + 1);
}

static int column_of_name(const struct xml *xml, const char *name, bool is_attribute)
{
    for (int i = 0; i < xml->description->column_count; i++) {
        const char *known = xml->description->columns[i].name;
        if ((known[0] == '@') == is_attribute && strcmp(known + is_attribute, name) == 0)
            return i;
    }
    return -1;
}

static void add_text(struct xml *xml, int column, const char *text, size_t text_size)
{
    if (text_size > XML_FIELD_SIZE_MAX - xml->sizes[column]) {
        refuse(xml, REFUSAL_LINE_TOO_LONG, column);
        return;
    }
    memcpy(xml->texts[column] + xml->sizes[column], text, text_size);
    xml->sizes[column] += (uint32_t)text_size;
}

static void begin_field(struct xml *xml, int column)
{
    if (column >= 0 && xml->is_seen[column])
        refuse(xml, REFUSAL_COLUMN_COUNT, column);
    if (column >= 0)
        xml->is_seen[column] = true;
    xml->column = column;
}

static void begin_row(struct xml *xml, const char **attributes)
{
    xml->row_depth = xml->depth;
    xml->row_line = (uint32_t)XML_GetCurrentLineNumber(xml->parser);
    xml->refusal = 0;
    xml->refused_column = 0;
    xml->column = -1;
    memset(xml->sizes, 0, sizeof(xml->sizes));
    memset(xml->is_seen, 0, sizeof(xml->is_seen));
    for (; attributes[0] != NULL; attributes += 2) {
        int column = column_of_name(xml, attributes[0], true);
        if (column >= 0)
            add_text(xml, column, attributes[1], strlen(attributes[1]));
    }
}

static void end_row(struct xml *xml)
{
    struct span fields[COLUMN_COUNT_MAX];
    for (size_t i = 0; i < COLUMN_COUNT_MAX; i++)
        fields[i] = (struct span){xml->texts[i], xml->sizes[i]};
    xml->row_depth = 0;
    xml->on_row(xml->context, fields, xml->row_line, xml->refusal, xml->refused_column);
}

static void XMLCALL on_start(void *data, const char *name, const char **attributes)
{
    struct xml *xml = data;
    if (++xml->depth > XML_DEPTH_MAX)
        stop(xml, "elements are nested too deeply");
    else if (xml->row_depth == 0 && strcmp(name, xml->description->row_element) == 0)
        begin_row(xml, attributes);
    else if (xml->row_depth != 0 && xml->depth == xml->row_depth + 1)
        begin_field(xml, column_of_name(xml, name, false));
}

static void XMLCALL on_end(void *data, const char *name)
{
    struct xml *xml = data;
    (void)name;
    if (xml->row_depth != 0 && xml->depth == xml->row_depth)
        end_row(xml);
    else if (xml->row_depth != 0 && xml->depth == xml->row_depth + 1)
        xml->column = -1;
    xml->depth--;
}

static void XMLCALL on_text(void *data, const char *text, int text_size)
{
    struct xml *xml = data;
    if (xml->row_depth != 0 && xml->column >= 0)
        add_text(xml, xml->column, text, (size_t)text_size);
}

static void XMLCALL on_doctype(void *data, const char *name, const char *system, const char *public,
                               int has_internal_subset)
{
    (void)name, (void)system, (void)public, (void)has_internal_subset;
    stop(data, "a document type declaration is not accepted: remove <!DOCTYPE ...>");
}

static int XMLCALL on_encoding(void *data, const char *name, XML_Encoding *encoding)
{
    (void)data;
    if (strcasecmp(name, "windows-1257") != 0 && strcasecmp(name, "cp1257") != 0)
        return XML_STATUS_ERROR;
    for (unsigned i = 0; i < 256; i++) {
        uint16_t character = text_1257_character((uint8_t)i);
        encoding->map[i] = character == TEXT_1257_NONE ? -1 : character;
    }
    return XML_STATUS_OK;
}

struct xml *xml_begin(const struct register_description *description, xml_on_row *on_row,
                      void *context)
{
    struct xml *xml = memory_take_zeroed(1, sizeof(*xml));
    xml->parser = XML_ParserCreate(NULL);
    if (xml->parser == NULL)
        err(3, "memory for an XML parser");
    xml->description = description;
    xml->on_row = on_row;
    xml->context = context;
    xml->column = -1;
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    XML_SetUnknownEncodingHandler(xml->parser, on_encoding, NULL);
    return xml;
}

static bool set_fault(const struct xml *xml, struct fault *fault)
{
    enum XML_Error error = XML_GetErrorCode(xml->parser);
    const char *why = xml->complaint != NULL ? xml->complaint : XML_ErrorString(error);
    return fault_set(fault, "%lu:%lu: %s", (unsigned long)XML_GetCurrentLineNumber(xml->parser),
                     (unsigned long)XML_GetCurrentColumnNumber(xml->parser) + 1, why);
}

/* How far behind the bytes given the parser is: it keeps whatever has not ended. */
static uint64_t held_size(const struct xml *xml)
{
    XML_Index index = XML_GetCurrentByteIndex(xml->parser);
    return index < 0 ? 0 : xml->fed_size - (uint64_t)index;
}

bool xml_feed(struct xml *xml, const char *bytes, size_t size, bool is_last, struct fault *fault)
{
    assert(xml->complaint == NULL);
    /* In steps, so that a tag without end is noticed before it has grown large. */
    do {
        size_t step = size < XML_TOKEN_SIZE_MAX ? size : XML_TOKEN_SIZE_MAX;
        bool is_end = is_last && step == size;
        xml->fed_size += step;
        if (XML_Parse(xml->parser, bytes, (int)step, is_end) != XML_STATUS_OK)
            return set_fault(xml, fault);
        if (held_size(xml) > 2 * (uint64_t)XML_TOKEN_SIZE_MAX) {
            xml->complaint = "a tag, comment or text is too long";
            return set_fault(xml, fault);
        }
        bytes += step;
        size -= step;
    } while (size > 0);
    return true;
}

void xml_end(struct xml *xml)
{
    if (xml == NULL)
        return;
    XML_ParserFree(xml->parser);
    free(xml);
}
