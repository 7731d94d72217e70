/*
 * Headers of pictures: nothing beyond the bytes is read, and what is found is
 * one of the known formats with a size that makes sense.
 */
#include "content/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"JPEG", "PNG", "GIF", "WEBP", "AVIF", "SVG"};
	struct image_info info;
	bool known = false;

	if (!image_probe(data, size, &info)) {
		if (info.format[0] != '\0' || info.width != 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		known = known || strcmp(info.format, formats[i]) == 0;
	if (!known || info.width < 0 || info.height < 0 ||
		(info.width == 0) != (info.height == 0) ||
		(info.width == 0 && strcmp(info.format, "SVG") != 0))
		abort();
	return 0;
}
