// Conversations, in the shape every chat API uses.

export type Role = 'system' | 'user' | 'assistant' | 'tool';

/** One turn of a conversation. */
export interface Message {
  role: Role;
  content: string;
}
