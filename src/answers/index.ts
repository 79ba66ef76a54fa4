// Finding the answer in a response.

export {
  afterThinking,
  type Extraction,
  type ExtractionSource,
  extractAnswer,
  lastBoxed,
  unwrapAnswer,
} from './extract.ts';
