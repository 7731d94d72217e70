/*
 * number - decimal numbers of any size, kept and compared as their digits.
 *
 * A number is taken apart into sign, significant digits and the power of ten
 * of its first digit; two of one sign compare by that power, then by digits.
 */
#include "content/number.h"

#include <stdint.h>

#define MAX_POWER INT64_C(1000000000000)
#define MAX_INTEGER_DIGITS 400

struct decimal {
	bool negative;
	struct str head;  /* digits before the point, from the first non-zero */
	struct str tail;  /* digits behind it, ditto where head is empty */
	int64_t exponent; /* value = 0.headtail * 10^exponent; 0 if no digits */
};

static size_t digits_span(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

size_t number_span(struct str s)
{
	size_t n = s.n > 0 && s.p[0] == '-' ? 1 : 0;
	size_t more = digits_span(str_skip(s, n));

	if (more == 0)
		return 0;
	n += s.p[n] == '0' ? 1 : more;
	if (n < s.n && s.p[n] == '.') {
		more = digits_span(str_skip(s, n + 1));
		n += more > 0 ? more + 1 : 0;
	}
	if (n < s.n && (s.p[n] == 'e' || s.p[n] == 'E')) {
		size_t sign =
			n + 1 < s.n && (s.p[n + 1] == '-' || s.p[n + 1] == '+');

		more = digits_span(str_skip(s, n + 1 + sign));
		n += more > 0 ? more + sign + 1 : 0;
	}
	return n;
}

/* The exponent of "e-12", held within what no text is long enough to reach. */
static int64_t power_of(struct str s)
{
	bool negative = false;
	int64_t v = 0;

	if (s.n < 2)
		return 0;
	s = str_skip(s, 1);
	if (s.p[0] == '-' || s.p[0] == '+') {
		negative = s.p[0] == '-';
		s = str_skip(s, 1);
	}
	for (size_t i = 0; i < s.n && v < MAX_POWER; i++)
		v = v * 10 + (s.p[i] - '0');
	return negative ? -v : v;
}

static size_t zeros(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == '0')
		n++;
	return n;
}

static struct decimal take_apart(struct str s)
{
	struct decimal d = {0};
	size_t skipped;

	if (s.n > 0 && s.p[0] == '-') {
		d.negative = true;
		s = str_skip(s, 1);
	}
	d.head = (struct str){s.p, digits_span(s)};
	s = str_skip(s, d.head.n);
	if (s.n > 0 && s.p[0] == '.') {
		s = str_skip(s, 1);
		d.tail = (struct str){s.p, digits_span(s)};
		s = str_skip(s, d.tail.n);
	}
	d.head = str_skip(d.head, zeros(d.head));
	d.exponent = (int64_t)d.head.n + power_of(s);
	if (d.head.n == 0 && d.tail.n > 0) {
		skipped = zeros(d.tail);
		d.tail = str_skip(d.tail, skipped);
		d.exponent -= (int64_t)skipped;
	}
	while (d.tail.n > 0 && d.tail.p[d.tail.n - 1] == '0')
		d.tail.n--;
	return d;
}

static bool is_zero(const struct decimal *d)
{
	return d->head.n == 0 && d->tail.n == 0;
}

static char digit(const struct decimal *d, size_t i)
{
	if (i < d->head.n)
		return d->head.p[i];
	i -= d->head.n;
	if (i < d->tail.n)
		return d->tail.p[i];
	return '0';
}

/* Of two that are not zero, without their signs. */
static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	size_t n = a->head.n + a->tail.n;
	size_t m = b->head.n + b->tail.n;

	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	for (size_t i = 0; i < n || i < m; i++)
		if (digit(a, i) != digit(b, i))
			return digit(a, i) < digit(b, i) ? -1 : 1;
	return 0;
}

static int sign(const struct decimal *d)
{
	if (is_zero(d))
		return 0;
	return d->negative ? -1 : 1;
}

int number_compare(struct str a, struct str b)
{
	struct decimal x = take_apart(a);
	struct decimal y = take_apart(b);

	if (sign(&x) != sign(&y))
		return sign(&x) < sign(&y) ? -1 : 1;
	if (sign(&x) == 0)
		return 0;
	return sign(&x) * compare_magnitude(&x, &y);
}

struct str number_integer(struct arena *a, struct str s)
{
	struct decimal d = take_apart(s);
	char digits[MAX_INTEGER_DIGITS];
	size_t n;

	if (is_zero(&d) || d.exponent <= 0)
		return STR("0");
	if (d.exponent > MAX_INTEGER_DIGITS)
		return STR_NONE;
	n = (size_t)d.exponent;
	for (size_t i = 0; i < n; i++)
		digits[i] = digit(&d, i);
	return arena_printf(a, "%s%.*s", d.negative ? "-" : "", (int)n, digits);
}
