/** Entry of the quire command. */
export {};
