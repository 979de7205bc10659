// What Blazor has no way for. Dialogs are the browser's own: they keep the keyboard inside, close with Escape, and give the focus back.

export const open = dialog => { if (!dialog.open) dialog.showModal(); };

export const close = dialog => dialog.close();

// A text that is shown to be copied.
export const reveal = field => {
    field.focus();
    field.select();
};
