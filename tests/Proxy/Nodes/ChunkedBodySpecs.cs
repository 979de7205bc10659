using System.Text;
using CsCheck;
using Hypervize.Proxy.Nodes;

namespace Hypervize.Proxy.Tests.Nodes;

/// <summary>Chunked bodies, however they are cut.</summary>
public sealed class ChunkedBodySpecs
{
    private static readonly Gen<byte[]> Chunk = Gen.Byte.Array[1, 300];

    /// <summary>A payload, a chunked body that brings it, and how that is cut.</summary>
    private static readonly Gen<(byte[] Payload, byte[] Body, int[] Cut)> Bodies =
        from chunks in Chunk.Array[0, 8]
        from sizes in Gen.OneOf("x", "X", "x8", "X15").Array[9]
        from extensions in Gen.OneOf("", ";a=b", " ;a=\"b c\"", "  ", "\t;x").Array[9]
        from trailers in Gen.OneOf("", "Checksum: 1\r\n", "A: b\r\nC: d\r\n")
        from cut in Cut.Lengths
        select ((byte[])[.. chunks.SelectMany(c => c)], (byte[])[.. chunks.SelectMany((c, i) => Written(c, sizes[i], extensions[i])), .. Encoding.ASCII.GetBytes($"0{extensions[8]}\r\n{trailers}\r\n")], cut);

    [Fact]
    public void Any_cutting_of_any_chunking_yields_the_payload() =>
        Bodies.Sample(b => Assert.Equal((b.Payload.Length, Convert.ToHexString(b.Payload), true), Read(Cut.Into(b.Body, b.Cut)) is var (payload, left) ? (payload!.Length, Convert.ToHexString(payload), left == 0) : default));

    [Fact]
    public void What_follows_the_end_is_left_alone() =>
        Bodies.Sample(b => Assert.Equal(5, Read(Cut.Into([.. b.Body, .. "HTTP/"u8], b.Cut)).Left));

    [Fact]
    public void A_body_that_breaks_off_is_not_complete() =>
        Bodies.SelectMany(b => Gen.Int[0, b.Body.Length - 1], (b, at) => (b.Payload, Body: b.Body[..at], b.Cut)).Sample(b =>
        {
            var chunks = new ChunkedBody();
            Assert.True(chunks.TryTake(b.Body, out _, out _));
            Assert.Null(Read(Cut.Into(b.Body, b.Cut)).Payload);
        });

    [Theory]
    [InlineData("x\r\n")]
    [InlineData("\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("+1\r\na\r\n")]
    [InlineData(" 1\r\na\r\n")]
    [InlineData("0x1\r\na\r\n")]
    [InlineData("1 a\r\na\r\n")]
    [InlineData("1\r\r\na\r\n")]
    [InlineData("1\r\nab\r\n")]
    [InlineData("2\r\nab0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFF\r\n")]
    [InlineData("10000000000000000\r\n")]
    [InlineData("8000000000000000\r\n")]
    public void What_is_no_chunk_is_refused(string body) => Assert.Throws<InvalidDataException>(() => Read(Cut.Into(Encoding.ASCII.GetBytes(body), [1])));

    [Fact]
    public void A_size_line_without_an_end_is_refused() => Assert.Throws<InvalidDataException>(() => Read([Encoding.ASCII.GetBytes("1;" + new string('a', 5000))]));

    [Fact]
    public void Whatever_comes_is_taken_or_refused() => Gen.Select(Gen.OneOf([.. "0123456789aAfF;\r\n \t\0x"u8]).Array[0, 60], Cut.Lengths).Sample((bytes, cut) =>
    {
        try
        {
            Read(Cut.Into(bytes, cut));
        }
        catch (InvalidDataException)
        {
            // Refused.
        }
    });

    // As a connection reads: what is not taken stays, and more comes behind it. Null when the body did not end.
    private static (byte[]? Payload, int Left) Read(IEnumerable<byte[]> pieces)
    {
        var (chunks, payload, arrived) = (new ChunkedBody(), new List<byte>(), Array.Empty<byte>());
        foreach (var piece in pieces)
        {
            arrived = [.. arrived, .. piece];
            while (!chunks.IsComplete)
            {
                if (!chunks.TryTake(arrived, out var taken, out var range)) throw new InvalidDataException("It is refused.");
                payload.AddRange(arrived[range]);
                arrived = arrived[taken..];
                if (taken == 0) break;
            }
        }
        return (chunks.IsComplete ? [.. payload] : null, arrived.Length);
    }

    private static byte[] Written(byte[] chunk, string size, string extension) =>
        [.. Encoding.ASCII.GetBytes($"{chunk.Length.ToString(size, System.Globalization.CultureInfo.InvariantCulture)}{extension}\r\n"), .. chunk, .. "\r\n"u8];
}
