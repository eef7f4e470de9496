/** A seeded stream of random numbers on the host; forks are independent of each other and of order. */
export class Random {
  readonly #seed: number;
  #state: Uint32Array;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = expand(this.#seed);
  }

  /** A stream of its own for a label; the same label gives the same stream. */
  fork(label: string | number): Random {
    let hash = mix(this.#seed ^ 0x9e3779b9);
    for (const character of String(label)) {
      hash = mix(Math.imul(hash, 31) ^ (character.codePointAt(0) as number));
    }
    return new Random(hash);
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const sum = (s[0] + s[1] + s[3]) >>> 0;
    s[3] = s[3] + 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return sum;
  }

  /** A number in [0, 1). */
  uniform(): number {
    return (this.bits() >>> 5) / 2 ** 27;
  }

  /** A draw of the standard normal distribution (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function expand(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i++) state[i] = mix(seed + Math.imul(i + 1, 0x9e3779b9));
  return state;
}
