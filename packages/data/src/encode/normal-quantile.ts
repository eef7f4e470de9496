/** Coefficients of a quotient of polynomials, lowest power first. */
interface Quotient {
  readonly over: readonly number[];
  readonly under: readonly number[];
}

// Wichura, Algorithm AS 241 (Applied Statistics 37, 1988): near the middle, and in the tails.
const middle: Quotient = {
  over: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  under: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
};
const tail: Quotient = {
  over: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  under: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
};

/** The number that a standard normal draw is below with probability `share`; for shares from 1e-10 to 1 - 1e-10. */
export function normalQuantile(share: number): number {
  const centred = share - 0.5;
  if (Math.abs(centred) <= 0.425) return centred * quotientAt(middle, 0.180625 - centred * centred);
  const distance = Math.sqrt(-Math.log(Math.min(share, 1 - share)));
  return Math.sign(centred) * quotientAt(tail, distance - 1.6);
}

function quotientAt({ over, under }: Quotient, x: number): number {
  const polynomial = (coefficients: readonly number[]): number =>
    coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
  return polynomial(over) / polynomial(under);
}
