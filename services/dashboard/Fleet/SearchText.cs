namespace Hypervize.Dashboard.Fleet;

/// <summary>
/// What stands in a search field whose text goes round through the page's address. Typing is faster than addresses come round: one that typing asked for says
/// nothing new, and must not overwrite what was typed since.
/// </summary>
public sealed class SearchText
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private string? _arrived;

    /// <summary>What stands in the field.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Something was typed, and an address with it is asked for.</summary>
    /// <param name="text">All that stands in the field then.</param>
    public void Type(string text) => _asked.Add(Text = text);

    /// <summary>An address is there: one that typing asked for, or another, such as by a link or back in the history.</summary>
    /// <param name="text">What it searches for.</param>
    public void Arrive(string text)
    {
        if (text != _arrived && !_asked.Remove(text)) Text = text;
        // Those between may never come: the browser goes to the newest.
        if (text == Text) _asked.Clear();
        _arrived = text;
    }
}
