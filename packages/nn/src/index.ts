/** Modules for transformer papers. */
export {};
