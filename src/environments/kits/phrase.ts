// Prompts from templates: `{slot}` is replaced in one pass, so that a value holding braces is left alone. Every
// prompt ends with where the answer goes. Wording differs between templates; rule and answer format do not.

import { type Message, TouchstoneError } from '../../core/index.ts';
import type { Language } from '../task.ts';

/** Templates of a family per language. All languages have the same number of templates. */
export type Templates = Readonly<Partial<Record<Language, readonly string[]>>>;

/** The sentence on where the answer goes. */
export const ANSWER_PLACE: Readonly<Record<Language, string>> = {
  en: 'End your reply with the final answer between <answer> and </answer>.',
  zh: '请在回复的最后，把最终答案写在 <answer> 和 </answer> 之间。',
};

/** One user message from a template. */
export function compose(
  templates: Templates,
  template: number,
  language: Language,
  slots: Readonly<Record<string, string>>,
): Message[] {
  const text = templates[language]?.[template];
  if (text === undefined) {
    throw new TouchstoneError('bad-config', `no template ${template} in language ${language}`, {
      hint: `languages: ${Object.keys(templates).join(', ')}`,
    });
  }
  return [{ role: 'user', content: `${fill(text, slots)}\n\n${ANSWER_PLACE[language]}` }];
}

/** Replaces `{slot}` by its value; a slot without a value is a programmer's fault. */
export function fill(text: string, slots: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/gi, (_, name: string) => {
    const value = slots[name];
    if (value === undefined) throw new TouchstoneError('bad-config', `template slot ${name} has no value`);
    return value;
  });
}
