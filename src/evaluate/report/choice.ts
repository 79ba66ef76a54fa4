// A row of buttons of which one is chosen: radio inputs that the style sheet reads with :has(), so that filters
// work without a script, with the keyboard, and in a saved copy of the page.

import { escapeMarkup } from '../plot/index.ts';

export interface ChoiceOption {
  /** Becomes part of the input's id: `<name>-<value>`. Letters, digits and hyphens. */
  value: string;
  label: string;
}

/** The buttons; the first option is chosen at the start. */
export function choice(name: string, title: string, options: readonly ChoiceOption[]): string {
  const inputs = options.map(({ value, label }, i) => {
    const id = `${name}-${value}`;
    const checked = i === 0 ? ' checked' : '';
    return (
      `<input type="radio" name="${name}" id="${id}" value="${value}" autocomplete="off"${checked}>` +
      `<label for="${id}">${escapeMarkup(label)}</label>`
    );
  });
  return `<fieldset class="choice"><legend>${escapeMarkup(title)}</legend>${inputs.join('')}</fieldset>`;
}
