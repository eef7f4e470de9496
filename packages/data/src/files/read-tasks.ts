import { decodeWhole } from "../tables/decode-text.ts";
import { type ConllOptions, parseConll, type TokenClassificationData } from "../tasks/conll.ts";
import { type Icon, type IconData, iconData, parseSvg } from "../tasks/icon.ts";
import { parseFasta, parseSmiles, type SequenceData } from "../tasks/sequences.ts";
import { parseSquad, type QuestionAnsweringData } from "../tasks/squad.ts";
import { type NamedText, type TextCorpus, textCorpus } from "../tasks/text-corpus.ts";
import {
  parseNifti,
  type Volume,
  type VolumePair,
  type VolumeSegmentationData,
  volumeSegmentation,
} from "../tasks/volume.ts";
import { filesAt, pairFiles } from "./list-files.ts";
import { readBytes } from "./read.ts";

/**
 * Reads a text file, or all `.txt` and `.md` files of a folder, as a corpus for language modelling.
 *
 * @throws DataError when the path does not exist, or there is no text.
 */
export async function readTextCorpus(path: string): Promise<TextCorpus> {
  const files = await filesAt(path, endsIn(".txt", ".md"), "text file (.txt or .md)");
  const documents: NamedText[] = [];
  for (const file of files) {
    const { bytes, name } = await readNamed(file, "text");
    documents.push({ name, text: decodeWhole(bytes, name) });
  }
  return textCorpus(documents, path);
}

/**
 * Reads a CoNLL file for token classification.
 *
 * @throws DataError when the file cannot be read or is malformed; the sentence names the line.
 */
export async function readConll(
  path: string,
  options: ConllOptions = {},
): Promise<TokenClassificationData> {
  const { bytes, name } = await readNamed(path, "CoNLL file");
  return parseConll(bytes, name, options);
}

/**
 * Reads a SQuAD file for question answering.
 *
 * @throws DataError when the file cannot be read or is malformed; the sentence names the place.
 */
export async function readSquad(path: string): Promise<QuestionAnsweringData> {
  const { bytes, name } = await readNamed(path, "SQuAD file");
  return parseSquad(bytes, name);
}

/**
 * Reads sequences: SMILES where the name ends in `.smi` or `.smiles`, FASTA otherwise.
 *
 * @throws DataError when the file cannot be read or is malformed; the sentence names the line.
 */
export async function readSequences(path: string): Promise<SequenceData> {
  const { bytes, name } = await readNamed(path, "sequence file");
  return endsIn(".smi", ".smiles")(path) ? parseSmiles(bytes, name) : parseFasta(bytes, name);
}

/**
 * Reads a folder of SVG files, or one such file, as icons named by their path below the folder.
 *
 * @throws DataError when a file is malformed, or there is none; the sentence names it.
 */
export async function readIcons(path: string): Promise<IconData> {
  const { relative } = await import("node:path");
  const files = await filesAt(path, endsIn(".svg"), "SVG file");
  const icons: Icon[] = [];
  for (const file of files) {
    const { bytes, name } = await readNamed(file, "SVG file");
    const icon = parseSvg(decodeWhole(bytes, name), relative(path, file) || name);
    icons.push({ ...icon, name: icon.name.replace(/\.svg$/i, "") });
  }
  return iconData(icons, path);
}

/**
 * Reads NIfTI volumes with their masks: two folders with files of the same names, or two files.
 *
 * @throws DataError when a file is malformed or has no partner, or a mask does not fit its image.
 */
export async function readVolumes(images: string, masks: string): Promise<VolumeSegmentationData> {
  const accept = endsIn(".nii", ".nii.gz");
  const what = "NIfTI file (.nii or .nii.gz)";
  const [first, second] = [await filesAt(images, accept, what), await filesAt(masks, accept, what)];
  const single = first[0] === images && second[0] === masks;
  const pairs = single
    ? [[images, images, masks] as const]
    : await pairFiles(first, second, [images, masks]);
  const volumes: VolumePair[] = [];
  for (const [name, image, mask] of pairs) {
    const [{ volume }, other] = [await readVolume(image), await readVolume(mask)];
    volumes.push({ name, image: volume, mask: other.volume });
  }
  return volumeSegmentation(volumes);
}

/**
 * Reads a NIfTI volume, and its bytes as they are.
 *
 * @throws DataError when the file is malformed.
 */
export async function readVolume(
  path: string,
): Promise<{ readonly volume: Volume; readonly bytes: Uint8Array }> {
  const { bytes, name } = await readNamed(path, "volume");
  return { volume: await parseNifti(bytes, name), bytes };
}

async function readNamed(path: string, what: string): Promise<{ bytes: Uint8Array; name: string }> {
  const { basename } = await import("node:path");
  return { bytes: await readBytes(path, what), name: basename(path) };
}

function endsIn(...endings: readonly string[]): (path: string) => boolean {
  return (path) => endings.some((ending) => path.toLowerCase().endsWith(ending));
}
