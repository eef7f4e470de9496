/** Hands the browser a file to save. */
export function downloadFile(name: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name;
  link.click();
  // The browser reads the address after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Saves a model, and the files that belong to it. */
export function download(
  paper: string,
  model: Uint8Array,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  downloadFile(`${paper}.onnx`, model as BlobPart);
  for (const [name, content] of Object.entries(files)) {
    downloadFile(`${paper}-${name}`, content as BlobPart);
  }
}
