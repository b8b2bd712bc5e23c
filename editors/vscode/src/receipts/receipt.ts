// What a turn cost, in the words of the server.

/** One turn's receipt; times in milliseconds. */
export interface Receipt {
  turn: string;
  action: string;
  transport: string;
  lineage: "continued" | "rebased";
  rebase_reason?: string | null;
  rounds: number;
  tool_calls: number;
  bytes_sent: number;
  bytes_received: number;
  /** What a client without server-side state would have sent for the same rounds. */
  bytes_full_resend: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  ms_to_first_event: number;
  ms_total: number;
  ms_waiting: number;
  ms_tools: number;
  ms_own: number;
  files_changed: number;
  outcome: string;
  /** The token counts are the provider's estimates. */
  estimated?: boolean;
}
