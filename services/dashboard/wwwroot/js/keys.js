// What Blazor has no way for: a dialog that holds the focus, and a text that is shown selected.

export function open(dialog) {
    if (!dialog.open) dialog.showModal();
}

export function close(dialog) {
    dialog.close();
}

export function reveal(field) {
    field.focus();
    field.select();
}
