using System.Buffers;
using Hypervize.Proxy.Routing;
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

    /// <summary>Bytes of what takes so long to parse that other connections of the same thread would wait for it.</summary>
    internal const int Large = 256 * 1024;

    private const int FirstBuffer = 16 * 1024;
    private static readonly byte[] True = "true"u8.ToArray();
    private static readonly byte[] IncludeUsage = "\"include_usage\":true,"u8.ToArray();
    private static readonly byte[] Options = "{\"include_usage\":true}"u8.ToArray();
    private static readonly byte[] OptionsMember = "\"stream_options\":{\"include_usage\":true},"u8.ToArray();

    private readonly BodyRoom _room;
    private readonly string _endpointId;
    private byte[] _buffer = [];
    private int _length, _taken;
    private Edit _first, _second;

    private RequestBody(BodyRoom room, string endpointId) => (_room, _endpointId) = (room, endpointId);

    /// <summary>Whether the client asked for a stream.</summary>
    public bool Stream { get; private set; }

    /// <summary>Whether the node is asked for the usage although the client did not.</summary>
    public bool AsksForUsage { get; private set; }

    /// <summary>Bytes it occupies.</summary>
    public int Bytes => _buffer.Length;

    /// <summary>The body as it goes to a node, in so many pieces.</summary>
    internal const int Pieces = 5;

    /// <summary>A piece of the body as it goes to a node; it may be empty.</summary>
    /// <param name="index">Below <see cref="Pieces"/>.</param>
    internal ReadOnlyMemory<byte> Piece(int index) => index switch
    {
        0 => _buffer.AsMemory(0, _first.Start),
        1 => _first.With,
        2 => _buffer.AsMemory(_first.End, _second.Start - _first.End),
        3 => _second.With,
        _ => _buffer.AsMemory(_second.End, _length - _second.End),
    };

    /// <summary>Bytes of the body as it goes to a node.</summary>
    internal int Length => _length + _first.Growth + _second.Growth;

    /// <summary>Reads and checks a request's body.</summary>
    /// <param name="http">The request.</param>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="countsTokens">Whether a stream of this kind can be asked for its usage.</param>
    /// <param name="room">Room for large bodies.</param>
    /// <returns>The body, or what is wrong with it.</returns>
    public static async ValueTask<(RequestBody? Body, InferenceError? Error)> ReadAsync(HttpContext http, RoutedEndpoint endpoint, bool countsTokens, BodyRoom room)
    {
        // The common way to say it first: reading a media type takes longer than all that follows for a short body.
        if ((http.Request.ContentType is not "application/json" && !http.Request.HasJsonContentType()) || http.Request.Headers.ContentEncoding.Count > 0) return (null, InferenceError.ContentType);
        if (http.Request.ContentLength > MostBytes)
        {
            // The rest is read for a while and thrown away: a client that is still sending would not look at its answer.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
            return (null, InferenceError.TooLarge);
        }

        var (body, scan, error) = (new RequestBody(room, endpoint.State.Id), default(RequestScan), (InferenceError?)null);
        try
        {
            // Grown by what comes, not by what is announced: announcing costs a client nothing.
            body._buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(http.Request.ContentLength ?? FirstBuffer, 1, FirstBuffer));
            var reader = http.Request.BodyReader;
            for (var isWhole = false; !isWhole && error is null;)
            {
                // A short body is nearly always there already.
                if (!reader.TryRead(out var read)) read = await reader.ReadAsync();
                error = body.Add(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCanceled) throw new OperationCanceledException();
                isWhole = read.IsCompleted;
            }
            if (error is null && body._length > Large) await Task.Yield();
            if (error is null && RequestScan.Read(body._buffer.AsSpan(0, body._length), out scan) is { } wrong) error = InferenceError.InvalidJson(wrong);
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
        body.MakeEdits(endpoint, scan, countsTokens);
        return (body, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        if (_taken > 0) _room.Give(_endpointId, _taken);
        (_buffer, _taken) = ([], 0);
    }

    // Says why it can't be added.
    private InferenceError? Add(ReadOnlySequence<byte> arrived)
    {
        if (_length + arrived.Length > MostBytes) return InferenceError.TooLarge;
        if (!TryGrow((int)arrived.Length)) return InferenceError.NoRoom;
        arrived.CopyTo(_buffer.AsSpan(_length));
        _length += (int)arrived.Length;
        return null;
    }

    // False when there is no room for more.
    private bool TryGrow(int by)
    {
        if (_length + by <= _buffer.Length) return true;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + by, Math.Min(_buffer.Length * 2, MostBytes)));
        if (!_room.TryTake(_endpointId, larger.Length - _taken))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }
        _taken = larger.Length;
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }

    // In the order in which they stand.
    private void MakeEdits(RoutedEndpoint endpoint, in RequestScan scan, bool countsTokens)
    {
        (Stream, AsksForUsage) = (scan.Stream, countsTokens && scan is { Stream: true, IncludesUsage: false });
        var model = scan.Model is { } value ? new Edit(value, endpoint.ModelJson) : new Edit(scan.Inside..scan.Inside, scan.HasMembers ? endpoint.ModelMember : endpoint.ModelMember[..^1]);
        var usage = AsksForUsage ? AskForUsage(scan) : new Edit(_length.._length, default);
        (_first, _second) = usage.Start < model.Start ? (usage, model) : (model, usage);
    }

    private static Edit AskForUsage(in RequestScan scan) => scan switch
    {
        { IncludeUsage: { } value } => new(value, True),
        { InsideStreamOptions: { } inside } => new(inside..inside, scan.StreamOptionsHasMembers ? IncludeUsage : IncludeUsage.AsMemory()[..^1]),
        { StreamOptions: { } value } => new(value, Options),
        _ => new(scan.Inside..scan.Inside, OptionsMember),
    };

    private readonly struct Edit(Range at, ReadOnlyMemory<byte> with)
    {
        public int Start { get; } = at.Start.Value;

        public int End { get; } = at.End.Value;

        public ReadOnlyMemory<byte> With { get; } = with;

        public int Growth => With.Length - (End - Start);
    }
}
