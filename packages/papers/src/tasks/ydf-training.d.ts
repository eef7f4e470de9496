declare module "ydf-training" {
  /** Columns by their names: numbers, NaN where one is missing, or texts. */
  type Columns = Readonly<Record<string, readonly number[] | readonly string[]>>;

  interface TrainedForest {
    /** One number a row; of several classes one a class, row by row. */
    predict(data: Columns): number[];
    /** The classes in the order of their probabilities; of two only the second one's is given. */
    getLabelClasses(): string[];
    /** Facts for people to read. */
    describe(): string;
    unload(): void;
  }

  interface Library {
    readonly GradientBoostedTreesLearner: new (
      label: string,
      task: "CLASSIFICATION" | "REGRESSION",
    ) => { train(data: Columns): TrainedForest };
  }

  const load: (options?: {
    readonly print?: (text: string) => void;
    readonly printErr?: (text: string) => void;
  }) => Promise<Library>;
  export = load;
}
