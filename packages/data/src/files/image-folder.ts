import { Dataset } from "../dataset.ts";
import { type ClassFolder, listClassFolders } from "./class-folders.ts";
import { type ImageFolderOptions, readImages } from "./image-files.ts";

/**
 * Reads a folder that holds one folder of PNG, JPEG or WebP images for each class.
 *
 * Classes are sorted by name; folders inside a class folder belong to the class; hidden files and files that
 * are no images are skipped. Images are scaled to cover the common size and cut about the centre. Where none is
 * given, the images' own size is kept if all have the same; else it is their median, at most 64 pixels each way.
 *
 * @throws DataError when the folder, a class or an image cannot be used; the sentence names it.
 */
export async function imageFolder(
  path: string,
  options: ImageFolderOptions = {},
): Promise<Dataset> {
  const folders = await listClassFolders(path);
  const files = folders.flatMap((folder) => folder.files);
  return new Dataset({
    ...(await readImages(files, options)),
    labels: labelsOf(folders),
    classes: folders.map((folder) => folder.name),
  });
}

function labelsOf(folders: readonly ClassFolder[]): Int32Array {
  return Int32Array.from(folders.flatMap((folder, label) => folder.files.map(() => label)));
}
