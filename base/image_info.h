#ifndef BASE_IMAGE_INFO_H
#define BASE_IMAGE_INFO_H

/* What the header of a picture says. */
struct image_info {
	char format[8]; /* JPEG, PNG, GIF, WEBP, AVIF, SVG; "" for none */
	long width;     /* pixels as shown, 0 if unknown */
	long height;
};

#endif
