import type { SystemFiles } from "@quire/papers";

/** Hands the browser files to save. */
export function download(files: SystemFiles): void {
  for (const [name, content] of Object.entries(files)) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content as BlobPart]));
    link.download = name;
    link.click();
    // The browser reads the address after the click.
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}
