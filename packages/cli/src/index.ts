/** The quire command. */
export {};
