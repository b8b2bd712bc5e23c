// How a change of several files is confirmed in VS Code. An edit that `needsConfirmation` opens the Refactor Preview, but
// unticked: a person who has read the changes and presses Apply would get none of them. So here everything is ticked, and
// one empty edit is what opens the preview.
import { type ApplyWorkspaceEditParams, type ChangeAnnotation, TextDocumentEdit } from "vscode-languageclient/node";

const OPENS_PREVIEW = "pilotlight.preview";

/** The same edit, ticked in the preview it opens. One without any text edit is left as it is: its files are to be ticked. */
export function previewTicked(params: ApplyWorkspaceEditParams): ApplyWorkspaceEditParams {
  const { documentChanges, changeAnnotations } = params.edit;
  if (documentChanges === undefined || changeAnnotations === undefined) return params;
  if (!Object.values(changeAnnotations).some(({ needsConfirmation }) => needsConfirmation)) return params;
  const first = documentChanges.findIndex((change) => TextDocumentEdit.is(change));
  const opened = documentChanges[first];
  if (!TextDocumentEdit.is(opened)) return params;

  const annotations: Record<string, ChangeAnnotation> = {
    [OPENS_PREVIEW]: { label: "Nothing to tick here: press Apply", needsConfirmation: true },
  };
  for (const [id, annotation] of Object.entries(changeAnnotations)) {
    annotations[id] = { ...annotation, needsConfirmation: false };
  }
  const start = { line: 0, character: 0 };
  const opener = { range: { start, end: start }, newText: "", annotationId: OPENS_PREVIEW };
  const changes = documentChanges.with(first, { ...opened, edits: [opener, ...opened.edits] });
  return { ...params, edit: { ...params.edit, documentChanges: changes, changeAnnotations: annotations } };
}
