// Recipes: everything that decides the outcome of a run, and the runner that carries it out.

export { type RunContext, RunInterrupted, type RunObserver } from './context.ts';
export { reportData, writeRunReport } from './report.ts';
export { type RunRecipeOptions, runRecipe } from './run-recipe.ts';
export { type Recipe, recipeSchema } from './schema.ts';
export { summariseRun } from './summary.ts';
export { createTaskSource, type Purpose, type TaskSource } from './task-source.ts';
