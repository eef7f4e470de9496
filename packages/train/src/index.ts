/** Losses, optimisers, schedules and the training loop. */
export {};
