using System.Buffers;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Hypervize.Proxy.Forwarding;

/// <summary>
/// A request's JSON body, held in memory so that it can be sent again. Only the top-level <c>model</c> is replaced; every other byte
/// goes to the node as the client sent it.
/// </summary>
public sealed class RequestBody : IDisposable
{
    /// <summary>Most bytes of a body.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private const int FirstBuffer = 16 * 1024;
    private byte[] _buffer = [];
    private int _length;
    private (int Start, int End) _model;
    private bool _modelAbsent;
    private bool _hasOthers;

    private RequestBody() { }

    /// <summary>Whether the client asked for a stream.</summary>
    public bool Stream { get; private set; }

    /// <summary>Bytes it occupies.</summary>
    public int Bytes => _buffer.Length;

    /// <summary>Reads and checks a request's body.</summary>
    /// <param name="http">The request.</param>
    /// <returns>The body, or what is wrong with it.</returns>
    public static async Task<(RequestBody? Body, InferenceError? Error)> ReadAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType() || http.Request.Headers.ContentEncoding.Count > 0) return (null, InferenceError.ContentType);
        if (http.Request.ContentLength > MostBytes) return (null, InferenceError.TooLarge);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MostBytes + 1;

        var body = new RequestBody();
        try
        {
            if (await body.FillAsync(http) && body.Scan() is null) return (body, null);
            var error = body._length > MostBytes ? InferenceError.TooLarge : InferenceError.InvalidJson(body.Scan()!);
            body.Dispose();
            return (null, error);
        }
        catch (BadHttpRequestException e)
        {
            body.Dispose();
            return (null, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? InferenceError.TooLarge : InferenceError.InvalidJson("The body broke off."));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>The body as it goes to a node.</summary>
    /// <param name="model">The name the node serves its model under, as JSON.</param>
    public HttpContent ToContent(ReadOnlyMemory<byte> model) => new Spliced(this, model);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async Task<bool> FillAsync(HttpContext http)
    {
        // Grown by what comes, not by what is announced: announcing costs a client nothing.
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(http.Request.ContentLength ?? FirstBuffer, FirstBuffer) + 1);
        int read;
        while ((read = await http.Request.Body.ReadAsync(_buffer.AsMemory(_length), http.RequestAborted)) > 0)
        {
            _length += read;
            if (_length > MostBytes) return false;
            if (_length < _buffer.Length) continue;
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        return true;
    }

    // Notes where the top-level model stands and whether a stream is asked for; says what is wrong with the JSON, or null.
    private string? Scan()
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(0, _length));
        (_model, _modelAbsent, Stream, _hasOthers) = (default, true, false, false);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return "The body must be a JSON object.";
            (_model.Start, _model.End) = ((int)reader.BytesConsumed, (int)reader.BytesConsumed);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isModel = reader.ValueTextEquals("model"u8);
                var isStream = reader.ValueTextEquals("stream"u8);
                reader.Read();
                if (isModel)
                {
                    if (!_modelAbsent) return "model stands twice.";
                    if (reader.TokenType != JsonTokenType.String) return "model must be a text.";
                    (_model.Start, _model.End, _modelAbsent) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed, false);
                }
                else
                {
                    if (isStream) Stream = reader.TokenType == JsonTokenType.True;
                    _hasOthers = true;
                    reader.Skip();
                }
            }
            reader.Read(); // Anything after the object's end is an error, which this finds.
            return null;
        }
        catch (JsonException e)
        {
            return $"The body is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.";
        }
    }

    private sealed class Spliced : HttpContent
    {
        private static readonly ReadOnlyMemory<byte> Name = "\"model\":"u8.ToArray();
        private static readonly ReadOnlyMemory<byte> Comma = ","u8.ToArray();
        private readonly ReadOnlyMemory<byte>[] _parts;

        public Spliced(RequestBody body, ReadOnlyMemory<byte> model)
        {
            var all = body._buffer.AsMemory(0, body._length);
            var (before, after) = (all[..body._model.Start], all[body._model.End..]);
            _parts = !body._modelAbsent ? [before, model, after] : body._hasOthers ? [before, Name, model, Comma, after] : [before, Name, model, after];
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var part in _parts) await stream.WriteAsync(part, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = _parts.Sum(p => (long)p.Length);
            return true;
        }
    }
}
