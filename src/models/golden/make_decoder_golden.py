"""Golden numbers for src/models/decoder.test.ts and src/engine/optimiser.test.ts.

An independent decoder in PyTorch float64: every sequence of a packed row is run on its own, every head in a
loop, gradients come from autograd. Weights follow an integer hash that TypeScript repeats, rounded to float32.
Run with any Python that has torch (written with 1.13):

    python3 make_decoder_golden.py        # writes decoder.json here and adamw.json to src/engine/golden
"""

import json
import math
import os
import struct

import torch

P = 67108859  # the largest prime below 2^26, so that squares are exact in float64


def noise(stream, i):
    """A number in [-1, 1) named by two whole numbers."""
    h = (stream * 1000003 + i * 7919 + 17) % P
    for _ in range(3):
        h = (h * h + 12345 + i) % P
    return h / P * 2 - 1


def fround(x):
    return struct.unpack('f', struct.pack('f', x))[0]


def parameter_shapes(c):
    hidden, inner, d = c['hiddenSize'], c['feedForwardSize'], c['headDim']
    q, kv = c['heads'] * d, c['kvHeads'] * d
    out = [('model.embed_tokens.weight', [c['vocabSize'], hidden])]

    def linear(name, rows, columns, bias):
        out.append((name + '.weight', [rows, columns]))
        if bias:
            out.append((name + '.bias', [rows]))

    for layer in range(c['layers']):
        p = 'model.layers.%d.' % layer
        out.append((p + 'input_layernorm.weight', [hidden]))
        linear(p + 'self_attn.q_proj', q, hidden, c['attentionBias'])
        linear(p + 'self_attn.k_proj', kv, hidden, c['attentionBias'])
        linear(p + 'self_attn.v_proj', kv, hidden, c['attentionBias'])
        if c['qkNorm']:
            out.append((p + 'self_attn.q_norm.weight', [d]))
            out.append((p + 'self_attn.k_norm.weight', [d]))
        linear(p + 'self_attn.o_proj', hidden, q, c['attentionOutputBias'])
        out.append((p + 'post_attention_layernorm.weight', [hidden]))
        linear(p + 'mlp.gate_proj', inner, hidden, c['mlpBias'])
        linear(p + 'mlp.up_proj', inner, hidden, c['mlpBias'])
        linear(p + 'mlp.down_proj', hidden, inner, c['mlpBias'])
    out.append(('model.norm.weight', [hidden]))
    if c['head'] == 'score':
        out.append(('score.weight', [1, hidden]))
    elif not c['tiedEmbeddings']:
        out.append(('lm_head.weight', [c['vocabSize'], hidden]))
    return out


def make_weights(c):
    weights = {}
    for stream, (name, shape) in enumerate(parameter_shapes(c)):
        size = math.prod(shape)
        if name.endswith('norm.weight'):
            values = [fround(1 + 0.3 * noise(stream, i)) for i in range(size)]
        else:
            values = [fround(0.6 * noise(stream, i)) for i in range(size)]
        weights[name] = torch.tensor(values, dtype=torch.float64).reshape(shape).requires_grad_(True)
    return weights


def rms_norm(x, weight, epsilon):
    return weight * (x / torch.sqrt((x ** 2).mean(dim=-1, keepdim=True) + epsilon))


def rope_frequencies(c):
    d, scaling = c['headDim'], c['ropeScaling']
    frequencies = [1.0 / c['ropeTheta'] ** (2 * i / d) for i in range(d // 2)]
    if scaling is None:
        return frequencies
    if scaling['kind'] == 'linear':
        return [f / scaling['factor'] for f in frequencies]
    out = []
    low = scaling['originalMaxPositions'] / scaling['lowFreqFactor']
    high = scaling['originalMaxPositions'] / scaling['highFreqFactor']
    for f in frequencies:
        wavelength = 2 * math.pi / f
        if wavelength < high:
            out.append(f)
        elif wavelength > low:
            out.append(f / scaling['factor'])
        else:
            smooth = (scaling['originalMaxPositions'] / wavelength - scaling['lowFreqFactor']) / (
                scaling['highFreqFactor'] - scaling['lowFreqFactor']
            )
            out.append((1 - smooth) * f / scaling['factor'] + smooth * f)
    return out


def rotate(x, frequencies):
    """x [time, headDim]; the pair (i, i + headDim/2) as one complex number, turned by position * frequency."""
    half = x.shape[1] // 2
    angles = torch.outer(
        torch.arange(x.shape[0], dtype=torch.float64), torch.tensor(frequencies, dtype=torch.float64)
    )
    turned = torch.complex(x[:, :half], x[:, half:]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], dim=1)


def head_bias(c, head, time):
    """What is added to the scores of one head: causality, ALiBi or a Hard-ALiBi window on the first half."""
    biased = (c['heads'] + 1) // 2
    bias = torch.zeros(time, time, dtype=torch.float64)
    for i in range(time):
        for j in range(time):
            if j > i:
                bias[i, j] = -math.inf
            elif c['position'] == 'alibi' and head < biased:
                bias[i, j] = -(2.0 ** (-8 * (head + 1) / biased)) * (i - j)
            elif c['position'] == 'hard-alibi':
                windows = c.get('hardAlibiWindows')
                window = windows[head] if windows else (head + 1 if head < biased else 0)
                if window > 0 and i - j > window:
                    bias[i, j] = -math.inf
    return bias


def hidden_states(c, w, tokens):
    """Final hidden states of one sequence."""
    d, epsilon = c['headDim'], c['normEpsilon']

    def linear(x, name):
        y = x @ w[name + '.weight'].T
        return y + w[name + '.bias'] if name + '.bias' in w else y

    x = w['model.embed_tokens.weight'][torch.tensor(tokens)]
    for layer in range(c['layers']):
        p = 'model.layers.%d.' % layer
        h = rms_norm(x, w[p + 'input_layernorm.weight'], epsilon)
        q, k, v = (linear(h, p + 'self_attn.%s_proj' % s) for s in 'qkv')
        heads = []
        for head in range(c['heads']):
            shared = head // (c['heads'] // c['kvHeads'])
            qh = q[:, head * d : (head + 1) * d]
            kh = k[:, shared * d : (shared + 1) * d]
            vh = v[:, shared * d : (shared + 1) * d]
            if c['qkNorm']:
                qh = rms_norm(qh, w[p + 'self_attn.q_norm.weight'], epsilon)
                kh = rms_norm(kh, w[p + 'self_attn.k_norm.weight'], epsilon)
            if c['position'] == 'rope':
                qh, kh = rotate(qh, rope_frequencies(c)), rotate(kh, rope_frequencies(c))
            scores = qh @ kh.T / math.sqrt(d) + head_bias(c, head, len(tokens))
            heads.append(torch.softmax(scores, dim=-1) @ vh)
        x = x + linear(torch.cat(heads, dim=1), p + 'self_attn.o_proj')
        h = rms_norm(x, w[p + 'post_attention_layernorm.weight'], epsilon)
        gate = linear(h, p + 'mlp.gate_proj')
        x = x + linear(gate * torch.sigmoid(gate) * linear(h, p + 'mlp.up_proj'), p + 'mlp.down_proj')
    return rms_norm(x, w['model.norm.weight'], epsilon)


def token(stream, i, vocabulary):
    return min(vocabulary - 1, int((noise(stream, i) + 1) / 2 * vocabulary))


def run_case(case):
    c = case['config']
    w = make_weights(c)
    names = [name for name, _ in parameter_shapes(c)]
    time = max(map(sum, case['rows']))
    log_probs, entropies, scores, loss = [], [], [], 0
    for r, row in enumerate(case['rows']):
        start = r * time
        for length in row:
            at = range(start, start + length)
            start += length
            h = hidden_states(c, w, [token(1000, i, c['vocabSize']) for i in at])
            coefficient = torch.tensor([noise(1002, i) for i in at], dtype=torch.float64)
            if c['head'] == 'score':
                score = (h @ w['score.weight'].T)[:, 0]
                loss = loss + (coefficient * score).sum()
                scores += score.tolist()
                continue
            head = w['model.embed_tokens.weight'] if c['tiedEmbeddings'] else w['lm_head.weight']
            all_log_probs = torch.log_softmax(h @ head.T / case['temperature'], dim=-1)
            targets = torch.tensor([token(1001, i, c['vocabSize']) for i in at])
            log_prob = all_log_probs.gather(1, targets[:, None])[:, 0]
            entropy = -(all_log_probs.exp() * all_log_probs).sum(dim=-1)
            weight = torch.tensor([noise(1003, i) for i in at], dtype=torch.float64)
            loss = loss + (coefficient * log_prob).sum() + (weight * entropy).sum()
            log_probs += log_prob.tolist()
            entropies += entropy.tolist()
    gradients = torch.autograd.grad(loss, [w[name] for name in names])
    shared = {'gradients': {name: g.reshape(-1).tolist() for name, g in zip(names, gradients)}}
    if c['head'] == 'score':
        return {**case, 'scores': scores, **shared}
    return {**case, 'logProbs': log_probs, 'entropies': entropies, **shared}


BASE = {
    'architecture': 'touchstone', 'vocabSize': 11, 'hiddenSize': 8, 'layers': 2, 'heads': 4, 'kvHeads': 2,
    'headDim': 4, 'feedForwardSize': 12, 'normEpsilon': 1e-5, 'ropeTheta': 10000, 'ropeScaling': None,
    'position': 'rope', 'qkNorm': False, 'attentionBias': False, 'attentionOutputBias': False,
    'mlpBias': False, 'tiedEmbeddings': False, 'maxPositions': 64, 'head': 'lm', 'eosTokenIds': [],
    'initializerRange': 0.02,
}
LLAMA3 = {'kind': 'llama3', 'factor': 8, 'lowFreqFactor': 1, 'highFreqFactor': 4, 'originalMaxPositions': 48}


def case(label, rows, temperature=1, **changes):
    return {'label': label, 'rows': rows, 'temperature': temperature, 'config': {**BASE, **changes}}


# `rows` are the lengths of the sequences of each row, which is padded to the longest row; a case with several in
# one row is packed. Results are listed in the order of the sequences, without the padding.
CASES = [
    case('qwen3: qk-norm, grouped queries', [[9], [9]], architecture='qwen3', qkNorm=True, normEpsilon=1e-6),
    case('qwen2: biases, tied', [[9], [6]], architecture='qwen2', attentionBias=True, tiedEmbeddings=True),
    case('llama: llama3 scaling, one key head, temperature', [[12]], 0.7, architecture='llama', headDim=8,
         heads=2, kvHeads=1, layers=1, ropeTheta=100, ropeScaling=LLAMA3),
    case('llama: linear scaling, every bias', [[8]], architecture='llama', attentionBias=True, layers=1,
         attentionOutputBias=True, mlpBias=True, ropeScaling={'kind': 'linear', 'factor': 4}),
    case('nope', [[9], [9]], position='nope', layers=1),
    case('alibi', [[9], [9]], position='alibi', kvHeads=4, layers=1),
    case('alibi, odd number of heads', [[9]], position='alibi', heads=3, kvHeads=1, layers=1),
    case('hard-alibi', [[9], [9]], position='hard-alibi', tiedEmbeddings=True),
    case('hard-alibi, windows given', [[9]], position='hard-alibi', layers=1, hardAlibiWindows=[0, 2, 5, 1]),
    case('score head', [[9], [9]], head='score', architecture='qwen3', qkNorm=True),
    case('packed rope', [[5, 4, 3], [7, 3]], 1.3, qkNorm=True, tiedEmbeddings=True),
    case('packed hard-alibi', [[5, 4, 3], [7, 3]], position='hard-alibi', layers=1),
]


def adamw():
    """Three steps of torch.optim.AdamW in float64, the second one clipped; vectors are not decayed."""
    matrix = torch.tensor([fround(noise(1, i)) for i in range(6)], dtype=torch.float64).reshape(2, 3)
    vector = torch.tensor([fround(noise(2, i)) for i in range(3)], dtype=torch.float64)
    matrix.requires_grad_(True)
    vector.requires_grad_(True)
    betas, epsilon, decay, most = (0.9, 0.95), 1e-8, 0.1, 1.0
    optimiser = torch.optim.AdamW(
        [{'params': [matrix], 'weight_decay': decay}, {'params': [vector], 'weight_decay': 0}],
        lr=1, betas=betas, eps=epsilon,
    )
    steps = []
    for step, (rate, scale) in enumerate([(0.01, 0.2), (0.02, 3.0), (0.005, 0.05)]):
        matrix.grad = torch.tensor(
            [fround(scale * noise(10 + step, i)) for i in range(6)], dtype=torch.float64
        ).reshape(2, 3)
        vector.grad = torch.tensor([fround(scale * noise(20 + step, i)) for i in range(3)], dtype=torch.float64)
        norm = math.sqrt(float((matrix.grad ** 2).sum() + (vector.grad ** 2).sum()))
        given = matrix.grad.reshape(-1).tolist(), vector.grad.tolist()
        if norm > most:
            matrix.grad *= most / norm
            vector.grad *= most / norm
        for group in optimiser.param_groups:
            group['lr'] = rate
        optimiser.step()
        steps.append({
            'learningRate': rate, 'gradientNorm': norm, 'gradients': {'matrix': given[0], 'vector': given[1]},
            'weights': {'matrix': matrix.detach().reshape(-1).tolist(), 'vector': vector.tolist()},
        })
    start = {
        'matrix': [fround(noise(1, i)) for i in range(6)],
        'vector': [fround(noise(2, i)) for i in range(3)],
    }
    config = {'beta1': betas[0], 'beta2': betas[1], 'epsilon': epsilon, 'weightDecay': decay,
              'maxGradientNorm': most}
    return {'config': config, 'start': start, 'steps': steps}


def short(value):
    """Thirteen significant digits are enough for a comparison at 1e-10."""
    if isinstance(value, dict):
        return {key: short(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [short(entry) for entry in value]
    return float('%.13g' % value) if isinstance(value, float) else value


def write(name, value):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), 'w') as file:
        json.dump(value, file, separators=(',', ':'))
        file.write('\n')


if __name__ == '__main__':
    write('decoder.json', [
        {**short({k: v for k, v in r.items() if k != 'config'}), 'config': r['config']}
        for r in map(run_case, CASES)
    ])
    write('../../engine/golden/adamw.json', adamw())
