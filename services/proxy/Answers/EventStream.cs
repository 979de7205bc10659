using System.Buffers;

namespace Hypervize.Proxy.Answers;

/// <summary>
/// A node's server-sent events on their way to a client: whole events only, so that a heartbeat or an error never lands inside one. Nothing is parsed
/// but the few events that carry a usage, or another name than the endpoint's.
/// </summary>
/// <param name="model">The endpoint's model, as JSON.</param>
/// <param name="hidesUsage">Whether the client did not ask for the usage, and is not shown the event that brings nothing else.</param>
internal sealed class EventStream(ReadOnlyMemory<byte> model, bool hidesUsage)
{
    private const int LongestEvent = 32 * 1024 * 1024;
    private const int LongestSeparator = 3;
    private ArrayBufferWriter<byte>? _begun;
    private bool? _isNamedRight;
    private bool? _hasDeltas;

    /// <summary>The usage, once it has come by.</summary>
    public TokenUsage? Usage { get; private set; }

    /// <summary>Events that carried text: what is known of the tokens of a stream that breaks before its usage.</summary>
    public int TextEvents { get; private set; }

    /// <summary>Whether an event has begun that is not whole yet.</summary>
    public bool IsInside => _begun is { WrittenCount: > 0 } begun && begun.WrittenSpan.ContainsAnyExcept((byte)'\r', (byte)'\n');

    /// <summary>Whether what was passed on last holds more than comments.</summary>
    public bool Spoke { get; private set; }

    /// <summary>Passes on what is whole by now.</summary>
    /// <param name="arrived">What arrived.</param>
    /// <param name="to">The client.</param>
    /// <returns>Whether anything was passed on.</returns>
    /// <exception cref="IOException">An event is larger than any can be.</exception>
    public bool Pass(ReadOnlySpan<byte> arrived, IBufferWriter<byte> to)
    {
        if (_begun is { WrittenCount: > 0 } begun)
        {
            if (begun.WrittenCount + arrived.Length > LongestEvent) throw new IOException("An event has no end.");
            // Nothing before ends an event, but for the beginning of an empty line.
            var searched = Math.Max(0, begun.WrittenCount - LongestSeparator + 1);
            begun.Write(arrived);
            var found = EndOfLastEvent(begun.WrittenSpan[searched..]);
            if (found == 0) return false;
            var rest = begun.WrittenCount - searched - found;
            PassEvents(begun.WrittenSpan[..^rest], to);
            begun.ResetWrittenCount();
            begun.Write(arrived[^rest..]);
            return true;
        }
        var end = EndOfLastEvent(arrived);
        if (end < arrived.Length) (_begun ??= new()).Write(arrived[end..]);
        if (end == 0) return false;
        PassEvents(arrived[..end], to);
        return true;
    }

    /// <summary>The stream ended in order: what has no empty line behind it goes, too.</summary>
    /// <param name="to">The client.</param>
    public void End(IBufferWriter<byte> to)
    {
        if (_begun is not { WrittenCount: > 0 } begun) return;
        PassEvents(begun.WrittenSpan, to);
        begun.ResetWrittenCount();
    }

    private void PassEvents(ReadOnlySpan<byte> events, IBufferWriter<byte> to)
    {
        Spoke = events is [not (byte)':', ..] || events.IndexOf("\ndata:"u8) >= 0;
        _isNamedRight ??= ModelName.IsIn(events, model.Span);
        if (_isNamedRight is not false && events.IndexOf(TokenUsage.Name) < 0)
        {
            CountText(events);
            to.Write(events);
            return;
        }
        while (!events.IsEmpty)
        {
            var end = EndOfFirstEvent(events);
            PassEvent(events[..end], to);
            events = events[end..];
        }
    }

    private void PassEvent(ReadOnlySpan<byte> one, IBufferWriter<byte> to)
    {
        if (UsageIn(one) is { } usage)
        {
            Usage = usage;
            if (hidesUsage && HasNoChoices(one)) return;
        }
        CountText(one);
        if (_isNamedRight is false && Data(one) is var (start, length) && ModelName.OtherThan(one.Slice(start, length), model.Span) is { } other)
        {
            var (from, named) = other.GetOffsetAndLength(length);
            to.Write(one[..(start + from)]);
            to.Write(model.Span);
            to.Write(one[(start + from + named)..]);
            return;
        }
        to.Write(one);
    }

    // Only where a response is repeated, or there are several, whose it is must be looked at.
    private static TokenUsage? UsageIn(ReadOnlySpan<byte> one)
    {
        var at = one.IndexOf(TokenUsage.Name);
        if (at < 0) return null;
        var isOnly = one[(at + TokenUsage.Name.Length)..].IndexOf(TokenUsage.Name) < 0;
        if (isOnly && TokenUsage.Read(one[at..]) is var usage && (usage is null || one.IndexOf("\"response\""u8) < 0)) return usage;
        return Data(one) is var (start, length) ? TokenUsage.OfNode(one.Slice(start, length)) : null;
    }

    // "choices":[] stands in the event that brings the usage alone; those of text have one.
    private static bool HasNoChoices(ReadOnlySpan<byte> one)
    {
        var at = one.IndexOf("\"choices\""u8);
        if (at < 0) return false;
        var value = one[(at + 9)..].TrimStart(" :"u8);
        return value is [(byte)'[', ..] && value[1..].TrimStart(" "u8) is [(byte)']', ..];
    }

    // The JSON of an event with one line of data.
    private static (int Start, int Length)? Data(ReadOnlySpan<byte> one)
    {
        var at = one.IndexOf("data:"u8);
        if (at < 0) return null;
        var start = at + 5;
        while (start < one.Length && one[start] == ' ') start++;
        var end = one[start..].IndexOfAny((byte)'\r', (byte)'\n');
        return (start, end < 0 ? one.Length - start : end);
    }

    // A token has a delta: an object in chats, the text itself in the Responses API, whose later events say it again as a whole. Completions have none.
    private void CountText(ReadOnlySpan<byte> events)
    {
        if (_hasDeltas is not false) CountDeltas(events);
        if (_hasDeltas is true || (_hasDeltas is null && !TrySkipTo("\"choices\":"u8, ref events))) return;
        while (TrySkipTo("\"text\":"u8, ref events))
        {
            _hasDeltas = false;
            if (BeginsText(events)) TextEvents++;
        }
    }

    private void CountDeltas(ReadOnlySpan<byte> events)
    {
        var name = "delta\":"u8;
        for (var at = events.IndexOf(name); at >= 0;)
        {
            _hasDeltas = true;
            events = events[(at + name.Length)..];
            at = events.IndexOf(name);
            if (HasText(at < 0 ? events : events[..at])) TextEvents++;
        }
    }

    // Once, whatever it says: some runtimes give the same reasoning two names.
    private static bool HasText(ReadOnlySpan<byte> delta)
    {
        // The common way to write it first.
        var common = "{\"content\":\""u8;
        if (delta.StartsWith(common) && delta[common.Length..] is [not (byte)'"', ..]) return true;
        if (delta.TrimStart((byte)' ') is not [(byte)'{', ..]) return BeginsText(delta);
        return HasText(delta, "content\":"u8) || HasText(delta, "\"reasoning\":"u8) || HasText(delta, "\"arguments\":"u8);
    }

    private static bool HasText(ReadOnlySpan<byte> delta, ReadOnlySpan<byte> name)
    {
        while (TrySkipTo(name, ref delta))
            if (BeginsText(delta)) return true;
        return false;
    }

    private static bool TrySkipTo(ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> rest)
    {
        var at = rest.IndexOf(name);
        if (at >= 0) rest = rest[(at + name.Length)..];
        return at >= 0;
    }

    private static bool BeginsText(ReadOnlySpan<byte> value) => value.TrimStart((byte)' ') is [(byte)'"', not (byte)'"', ..];

    private static int EndOfLastEvent(ReadOnlySpan<byte> arrived)
    {
        if (arrived.EndsWith("\n\n"u8)) return arrived.Length;
        var (plain, carriage) = (arrived.LastIndexOf("\n\n"u8), arrived.LastIndexOf("\n\r\n"u8));
        return Math.Max(plain < 0 ? 0 : plain + 2, carriage < 0 ? 0 : carriage + 3);
    }

    private static int EndOfFirstEvent(ReadOnlySpan<byte> events)
    {
        var (plain, carriage) = (events.IndexOf("\n\n"u8), events.IndexOf("\n\r\n"u8));
        if (plain < 0 && carriage < 0) return events.Length;
        return carriage < 0 || (plain >= 0 && plain < carriage) ? plain + 2 : carriage + 3;
    }
}
