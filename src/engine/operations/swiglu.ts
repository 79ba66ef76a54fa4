// swiglu (Shazeer 2020): h = silu(gate) up, silu(g) = g s with s = sigmoid(g).
//   dup = dh silu(g),   dgate = dh up (s + silu(g) (1 - s)).

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation } from './operation.ts';

type None = Record<never, never>;

export const swiglu: Operation<None> = {
  infer(inputs) {
    const [gate, up] = inputs;
    expectShape(gate?.shape.join() === up?.shape.join(), 'swiglu', inputs, 'gate and up need the same shape');
    return [float(...((gate?.shape ?? []) as number[]))];
  },
  gradient(graph, inputs, _outputs, attributes, [dh]) {
    const [gate, up] = inputs as [Value, Value];
    return dh ? graph.apply('swigluGradient', [gate, up, dh], attributes) : [];
  },
  reference([gate, up], [h]) {
    if (!gate || !up || !h) return;
    for (let i = 0; i < h.data.length; i++) {
      const g = gate.data[i] as number;
      h.data[i] = (g / (1 + Math.exp(-g))) * (up.data[i] as number);
    }
  },
};

export const swigluGradient: Operation<None> = {
  infer(inputs) {
    const [gate, up, dh] = inputs;
    expectShape(
      gate?.shape.join() === up?.shape.join() && gate?.shape.join() === dh?.shape.join(),
      'swigluGradient',
      inputs,
      'gate, up and dh need the same shape',
    );
    const shape = (gate?.shape ?? []) as number[];
    return [float(...shape), float(...shape)];
  },
  reference([gate, up, dh], [dGate, dUp]) {
    if (!gate || !up || !dh || !dGate || !dUp) return;
    for (let i = 0; i < dh.data.length; i++) {
      const g = gate.data[i] as number;
      const s = 1 / (1 + Math.exp(-g));
      const d = dh.data[i] as number;
      dUp.data[i] = d * g * s;
      dGate.data[i] = d * (up.data[i] as number) * (s + g * s * (1 - s));
    }
  },
};
