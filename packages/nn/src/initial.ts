import type { Initializer, Shape } from "@quire/tensor";

/** Draws every value from the normal distribution of mean 0. */
export function normal(deviation: number): Initializer {
  return (data, _, random) => {
    for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
  };
}

/** Leaves every value at zero. */
export const zeros: Initializer = (data) => {
  data.fill(0);
};

/** Values that grow evenly from the first to the last. */
export function evenly(first: number, last: number): Initializer {
  return (data) => {
    const step = data.length > 1 ? (last - first) / (data.length - 1) : 0;
    for (let i = 0; i < data.length; i++) data[i] = first + i * step;
  };
}

/** Draws every value from the normal distribution of mean 0, again where it is beyond two deviations. */
export function truncatedNormal(deviation: number): Initializer {
  return (data, _, random) => {
    for (let i = 0; i < data.length; i++) {
      let draw = random.normal();
      while (Math.abs(draw) > 2) draw = random.normal();
      data[i] = deviation * draw;
    }
  };
}

/** Draws every value evenly between -bound and bound. */
export function uniform(bound: number): Initializer {
  return (data, _, random) => {
    for (let i = 0; i < data.length; i++) data[i] = bound * (2 * random.uniform() - 1);
  };
}

/** Inputs and outputs that one number of a weight `[out, in, ...kernel]` connects, times the kernel's size. */
function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const [out = 1, inputs = 1, ...kernel] = shape;
  const size = kernel.reduce((product, length) => product * length, 1);
  return { fanIn: inputs * size, fanOut: out * size };
}

/** Even draws that keep the variance of values and gradients (Glorot and Bengio 2010, eq. 16). */
export const xavierUniform: Initializer = (data, shape, random) => {
  const { fanIn, fanOut } = fans(shape);
  uniform(Math.sqrt(6 / (fanIn + fanOut)))(data, shape, random);
};

/** Normal draws that keep the variance of values and gradients (Glorot and Bengio 2010, eq. 12). */
export const xavierNormal: Initializer = (data, shape, random) => {
  const { fanIn, fanOut } = fans(shape);
  normal(Math.sqrt(2 / (fanIn + fanOut)))(data, shape, random);
};

/** Even draws that keep the variance of values through a ReLU (He et al. 2015, eq. 10). */
export const kaimingUniform: Initializer = (data, shape, random) => {
  uniform(Math.sqrt(6 / fans(shape).fanIn))(data, shape, random);
};

/** Normal draws that keep the variance of values through a ReLU (He et al. 2015, eq. 10). */
export const kaimingNormal: Initializer = (data, shape, random) => {
  normal(Math.sqrt(2 / fans(shape).fanIn))(data, shape, random);
};

/** Even draws within 1/√(inputs), as PyTorch fills the weights of linear layers and convolutions. */
export const lecunUniform: Initializer = (data, shape, random) => {
  uniform(1 / Math.sqrt(fans(shape).fanIn))(data, shape, random);
};
