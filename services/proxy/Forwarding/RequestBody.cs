using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Hypervize.Proxy.Forwarding;

/// <summary>
/// A request's JSON body, held in memory so that it can be sent again. The endpoint's own model goes to the node in the place of the one the client
/// named, and the usage of a stream is asked for; every other byte goes as the client sent it.
/// </summary>
public sealed class RequestBody : IDisposable
{
    /// <summary>Most bytes of a body.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    // What takes so long to read that other connections of the same thread would wait for it.
    private const int Large = 256 * 1024;
    private const int FirstBuffer = 16 * 1024;
    private static readonly byte[] Name = "\"model\":"u8.ToArray();
    private static readonly byte[] Comma = ","u8.ToArray();
    private static readonly byte[] True = "true"u8.ToArray();
    private static readonly byte[] IncludeUsage = "\"include_usage\":true"u8.ToArray();
    private static readonly byte[] Options = "{\"include_usage\":true}"u8.ToArray();
    private static readonly byte[] OptionsMember = "\"stream_options\":{\"include_usage\":true},"u8.ToArray();

    private byte[] _buffer = [];
    private int _length;
    private RequestScan _scan;
    private readonly List<ReadOnlyMemory<byte>> _parts = new(7);

    private RequestBody() { }

    /// <summary>Whether the client asked for a stream.</summary>
    public bool Stream => _scan.Stream;

    /// <summary>Whether the node is asked for the usage although the client did not.</summary>
    public bool AsksForUsage { get; private set; }

    /// <summary>Bytes it occupies.</summary>
    public int Bytes => _buffer.Length;

    /// <summary>The body as it goes to a node, piece by piece.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Parts => _parts;

    /// <summary>Bytes of the body as it goes to a node.</summary>
    internal int Length { get; private set; }

    /// <summary>Reads and checks a request's body.</summary>
    /// <param name="http">The request.</param>
    /// <param name="model">The name the node serves its model under, as JSON.</param>
    /// <param name="countsTokens">Whether a stream of this kind can be asked for its usage.</param>
    /// <returns>The body, or what is wrong with it.</returns>
    public static async ValueTask<(RequestBody? Body, InferenceError? Error)> ReadAsync(HttpContext http, ReadOnlyMemory<byte> model, bool countsTokens)
    {
        if (!http.Request.HasJsonContentType() || http.Request.Headers.ContentEncoding.Count > 0) return (null, InferenceError.ContentType);
        if (http.Request.ContentLength > MostBytes) return (null, InferenceError.TooLarge);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MostBytes + 1;

        var body = new RequestBody();
        InferenceError? error;
        try
        {
            error = await body.FillAsync(http);
            if (error is null && body._length > Large) await Task.Yield();
            if (error is null && RequestScan.Read(body._buffer.AsSpan(0, body._length), out body._scan) is { } wrong) error = InferenceError.InvalidJson(wrong);
        }
        catch (BadHttpRequestException e)
        {
            error = e.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => InferenceError.TooLarge,
                StatusCodes.Status408RequestTimeout => InferenceError.TooSlow,
                _ => InferenceError.InvalidJson("The body broke off."),
            };
        }
        catch
        {
            body.Dispose();
            throw;
        }
        if (error is not null)
        {
            body.Dispose();
            return (null, error);
        }
        body.Assemble(model, countsTokens);
        return (body, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _parts.Clear();
    }

    private async ValueTask<InferenceError?> FillAsync(HttpContext http)
    {
        // Grown by what comes, not by what is announced: announcing costs a client nothing.
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(http.Request.ContentLength ?? FirstBuffer, 1, FirstBuffer));
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync();
            var arrived = read.Buffer;
            if (_length + arrived.Length > MostBytes) return InferenceError.TooLarge;
            Grow((int)arrived.Length);
            arrived.CopyTo(_buffer.AsSpan(_length));
            _length += (int)arrived.Length;
            reader.AdvanceTo(arrived.End);
            if (read.IsCompleted) return null;
            if (read.IsCanceled) throw new OperationCanceledException();
        }
    }

    private void Grow(int by)
    {
        if (_length + by <= _buffer.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + by, Math.Min(_buffer.Length * 2, MostBytes)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private void Assemble(ReadOnlyMemory<byte> model, bool countsTokens)
    {
        AsksForUsage = countsTokens && _scan is { Stream: true, IncludesUsage: false };
        var usage = AsksForUsage ? UsageEdit() : null;
        if (_scan.Model is { } value)
        {
            // In the order in which they stand.
            var (first, second) = usage is { } edit && edit.At.Start.Value < value.Start.Value ? (usage, ((Range, ReadOnlyMemory<byte>[])?)(value, [model])) : ((value, [model]), usage);
            Splice(first, second);
        }
        else
        {
            ReadOnlyMemory<byte>[] member = _scan.HasMembers ? [Name, model, Comma] : [Name, model];
            Splice((_scan.Inside.._scan.Inside, member), usage);
        }
    }

    // Where the node is told to include its usage, and by what.
    private (Range At, ReadOnlyMemory<byte>[] With)? UsageEdit() => _scan switch
    {
        { IncludeUsage: { } value } => (value, [True]),
        { InsideStreamOptions: { } inside } => (inside..inside, _scan.StreamOptionsHasMembers ? [IncludeUsage, Comma] : [IncludeUsage]),
        { StreamOptions: { } value } => (value, [Options]),
        _ => (_scan.Inside.._scan.Inside, [OptionsMember]),
    };

    private void Splice(params ReadOnlySpan<(Range At, ReadOnlyMemory<byte>[] With)?> edits)
    {
        var all = _buffer.AsMemory(0, _length);
        var at = 0;
        foreach (var edit in edits)
        {
            if (edit is not var (range, with)) continue;
            Add(all[at..range.Start.Value]);
            foreach (var part in with) Add(part);
            at = range.End.Value;
        }
        Add(all[at..]);
    }

    private void Add(ReadOnlyMemory<byte> part)
    {
        if (part.IsEmpty) return;
        _parts.Add(part);
        Length += part.Length;
    }
}
