import { DataError } from "../errors.ts";

/** The formats that are read, as the decoder calls them. */
export const readFormats: ReadonlySet<string> = new Set(["png", "jpeg", "webp"]);

const readExtensions = new Set(["png", "jpg", "jpeg", "jfif", "webp"]);

const otherExtensions = new Set(
  "avif bmp exr gif heic heif ico jp2 jxl pbm pgm pnm ppm psd svg tga tif tiff".split(" "),
);

/** Whether a file's name says that it is an image of a format that is read. */
export function isImageName(name: string): boolean {
  return readExtensions.has(extensionOf(name));
}

/**
 * Whether a file is an image by its name.
 *
 * @throws DataError naming a file whose ending says that it is an image of another format.
 */
export function isImageFile(path: string): boolean {
  if (!isImageName(path)) refuseOtherImage(path);
  return isImageName(path);
}

/**
 * Refuses a file whose ending says that it is an image of another format.
 *
 * @throws DataError naming the file.
 */
export function refuseOtherImage(path: string): void {
  const extension = extensionOf(path);
  if (otherExtensions.has(extension)) {
    throw new DataError(
      `"${path}" is a ${extension.toUpperCase()} file: convert it to PNG or JPEG, or delete it.`,
    );
  }
}

function extensionOf(path: string): string {
  return /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}
