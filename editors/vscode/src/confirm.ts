// How a change of several files is confirmed in VS Code. An edit that `needsConfirmation` opens the Refactor Preview, but
// unticked: a person who has read the changes and presses Apply would get none of them. So the text edits are ticked, and
// one empty edit is what opens the preview. Deletions and renames of files stay unticked: those are to be chosen.
import { type ApplyWorkspaceEditParams, type ChangeAnnotation, TextDocumentEdit } from "vscode-languageclient/node";

const OPENS_PREVIEW = "pilotlight.preview";

export function previewTicked(params: ApplyWorkspaceEditParams): ApplyWorkspaceEditParams {
  const { documentChanges, changeAnnotations } = params.edit;
  if (documentChanges === undefined || changeAnnotations === undefined) return params;
  if (!Object.values(changeAnnotations).some(({ needsConfirmation }) => needsConfirmation)) return params;

  const annotations: Record<string, ChangeAnnotation> = { ...changeAnnotations };
  for (const [id, annotation] of Object.entries(changeAnnotations)) {
    annotations[ticked(id)] = { ...annotation, needsConfirmation: false };
  }
  annotations[OPENS_PREVIEW] = { label: "Nothing to tick here: press Apply", needsConfirmation: true };

  let opener = false;
  const changes = documentChanges.map((change) => {
    if (!TextDocumentEdit.is(change)) return change;
    const edits: TextDocumentEdit["edits"] = change.edits.map((edit) =>
      "annotationId" in edit && edit.annotationId !== undefined ? { ...edit, annotationId: ticked(edit.annotationId) } : edit,
    );
    if (!opener) {
      const start = { line: 0, character: 0 };
      edits.unshift({ range: { start, end: start }, newText: "", annotationId: OPENS_PREVIEW });
      opener = true;
    }
    return { ...change, edits };
  });
  if (!opener) return params;
  return { ...params, edit: { ...params.edit, documentChanges: changes, changeAnnotations: annotations } };
}

function ticked(annotationId: string): string {
  return `${annotationId}.ticked`;
}
