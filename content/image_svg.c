/*
 * image_svg - the size of an SVG from its root element.
 *
 * Width and height in units that have a fixed size in pixels; else the
 * viewBox.  An SVG that says neither is one all the same, of unknown size.
 * No XML parser reads it: entities and the like in the prolog are skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "content/ascii.h"
#include "content/image_source.h"

#define MAX_HEAD 65536 /* the root element must start and end in there */
#define MAX_PIXELS 1e9

static struct str skip_space(struct str s)
{
	while (s.n > 0 && ascii_space(s.p[0]))
		s = str_skip(s, 1);
	return s;
}

/* Behind the first of what; nothing if there is none. */
static struct str skip_past(struct str s, struct str what)
{
	size_t at = str_find(s, what);

	return s.n - at >= what.n ? str_skip(s, at + what.n) : str_skip(s, s.n);
}

/* Behind a document type, which may have declarations in brackets. */
static struct str skip_doctype(struct str s)
{
	size_t close = str_find(s, STR(">"));
	size_t open = str_find((struct str){s.p, close}, STR("["));

	if (open < close)
		s = skip_past(s, STR("]"));
	return skip_past(s, STR(">"));
}

/* To the first element, or to nothing if text comes before it. */
static struct str skip_prolog(struct str s)
{
	if (str_starts(s, STR("\xEF\xBB\xBF")))
		s = str_skip(s, 3);
	for (s = skip_space(s); s.n > 1 && s.p[0] == '<'; s = skip_space(s)) {
		if (str_starts(s, STR("<!--")))
			s = skip_past(str_skip(s, 4), STR("-->"));
		else if (s.p[1] == '!')
			s = skip_doctype(s);
		else if (s.p[1] == '?')
			s = skip_past(s, STR("?>"));
		else
			return s;
	}
	return str_skip(s, s.n);
}

/* Take a decimal number off the front. */
static bool take_number(struct str *s, double *out)
{
	struct str in = skip_space(*s);
	double scale = 1;
	bool digits = false;

	*out = 0;
	if (in.n > 0 && in.p[0] == '+')
		in = str_skip(in, 1);
	for (bool point = false; in.n > 0; in = str_skip(in, 1)) {
		if (in.p[0] == '.' && !point) {
			point = true;
			continue;
		}
		if (in.p[0] < '0' || in.p[0] > '9')
			break;
		digits = true;
		*out = *out * 10 + (in.p[0] - '0');
		scale *= point ? 10 : 1;
		if (*out > 1e30 || scale > 1e30)
			return false;
	}
	*out /= scale;
	*s = in;
	return digits;
}

/* A length in pixels, or 0 if it is none or depends on what is around. */
static double length_of(struct str s)
{
	static const struct {
		const char *unit;
		double pixels;
	} units[] = {{"", 1}, {"px", 1}, {"pt", 96.0 / 72}, {"pc", 16},
		{"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}};
	double number;

	if (!take_number(&s, &number))
		return 0;
	while (s.n > 0 && ascii_space(s.p[s.n - 1]))
		s.n--;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_is(s, units[i].unit))
			return number * units[i].pixels;
	return 0;
}

/* Width and height of "min-x min-y width height". */
static void read_view_box(struct str s, double *width, double *height)
{
	double numbers[4];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		s = skip_space(s);
		if (i < 2 && s.n > 0 && s.p[0] == '-')
			s = str_skip(s, 1);
		if (!take_number(&s, &numbers[i]))
			return;
		s = skip_space(s);
		if (s.n > 0 && s.p[0] == ',')
			s = str_skip(s, 1);
	}
	*width = numbers[2];
	*height = numbers[3];
}

/* What the root element says of its size. */
struct svg_size {
	double width;
	double height;
	double box_width;
	double box_height;
};

/* Take name="value" off the front; false at the end of the tag. */
static bool take_attribute(struct str *s, struct str *name, struct str *value)
{
	size_t n = 0;
	size_t end;
	char quote;

	*s = skip_space(*s);
	while (n < s->n && !ascii_space(s->p[n]) &&
		strchr("=/>", s->p[n]) == NULL)
		n++;
	*name = (struct str){s->p, n};
	*s = skip_space(str_skip(*s, n));
	if (n == 0 || s->n < 2 || s->p[0] != '=')
		return false;
	*s = skip_space(str_skip(*s, 1));
	if (s->n < 2 || (s->p[0] != '"' && s->p[0] != '\''))
		return false;
	quote = s->p[0];
	*s = str_skip(*s, 1);
	end = str_find(*s, (struct str){&quote, 1});
	if (end == s->n)
		return false;
	*value = (struct str){s->p, end};
	*s = str_skip(*s, end + 1);
	return true;
}

static struct svg_size read_root(struct str s)
{
	struct svg_size size = {0};
	struct str name;
	struct str value;

	while (take_attribute(&s, &name, &value)) {
		if (str_is(name, "width"))
			size.width = length_of(value);
		else if (str_is(name, "height"))
			size.height = length_of(value);
		else if (str_is(name, "viewBox"))
			read_view_box(value, &size.box_width, &size.box_height);
	}
	return size;
}

/* Fill in what is missing from the box, whose shape the picture has. */
static void complete(struct svg_size *s)
{
	if (s->box_width <= 0 || s->box_height <= 0)
		return;
	if (s->width <= 0 && s->height <= 0) {
		s->width = s->box_width;
		s->height = s->box_height;
	} else if (s->width <= 0) {
		s->width = s->height * s->box_width / s->box_height;
	} else if (s->height <= 0) {
		s->height = s->width * s->box_height / s->box_width;
	}
}

static long to_pixels(double length)
{
	return length >= 0.5 && length < MAX_PIXELS ? (long)(length + 0.5) : 0;
}

/* Behind "<svg" or "<prefix:svg"; nothing if the element is another. */
static struct str skip_name(struct str s)
{
	size_t n = 1;
	struct str name;

	while (n < s.n && !ascii_space(s.p[n]) && strchr("/>", s.p[n]) == NULL)
		n++;
	name = (struct str){s.p, n};
	if (!str_is(name, "<svg") && !str_ends(name, STR(":svg")))
		return STR_NONE;
	return str_skip(s, n);
}

/* Most contents do not begin as a text of XML does, and end here. */
static bool may_be_xml(const struct image_source *s)
{
	unsigned char first;

	return image_read(s, 0, &first, 1) &&
	       (first == '<' || first == 0xEF || ascii_space((char)first));
}

bool image_svg(const struct image_source *s, struct image_info *out)
{
	size_t n = s->n < MAX_HEAD ? (size_t)s->n : MAX_HEAD;
	struct str root = STR_NONE;
	struct svg_size size;
	char *head;

	if (!may_be_xml(s))
		return false;
	head = xmalloc(n + 1);
	if (image_read(s, 0, head, n))
		root = skip_prolog((struct str){head, n});
	if (root.n > 0)
		root = skip_name(root);
	if (root.n > 0) {
		size = read_root(root);
		complete(&size);
		memcpy(out->format, "SVG", 4);
		out->width = to_pixels(size.width);
		out->height = to_pixels(size.height);
		if (out->width == 0 || out->height == 0)
			out->width = out->height = 0;
	}
	free(head);
	return root.n > 0;
}
