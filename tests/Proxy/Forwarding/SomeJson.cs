using System.Globalization;
using CsCheck;

namespace Hypervize.Proxy.Tests.Forwarding;

/// <summary>Bodies of requests as somebody might write them: the same said in many ways.</summary>
internal static class SomeJson
{
    private static readonly Gen<string> Space = Gen.OneOf("", "", "", " ", "\n", "\t", "\r\n", "  \n\t ");

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOf("", "a", "model", "stream", "\\\"model\\\":\\\"x\\\"", "\\u0000", "\\n\\\\", "\u00e9\u20ac", "\ud83d\ude00", "\\ud83d\\ude00", "\\ud800", "}{][", ":,"),
        Gen.String[Gen.Char.AlphaNumeric, 0, 40]).Select(text => $"\"{text}\"");

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.OneOf("0", "-0", "1e400", "-1.5E-7", "123456789012345678901234567890", "0.1"), Gen.Double.Select(d => double.IsFinite(d) ? d.ToString("R", CultureInfo.InvariantCulture) : "7"));

    private static readonly Gen<string> Plain = Gen.OneOf(Text, Number, Gen.OneOf("true", "false", "null"));

    private static readonly Gen<string> Other = Gen.OneOf("\"messages\"", "\"n\"", "\"Model\"", "\"model \"", "\"models\"", "\"mode\\u006d\"", "\"strea\\u006e\"", "\"stream_option\"", "\"\"", "\"user\"", "\"\\\"model\"", "\"\u00e9\"");

    private static readonly Gen<string> Value = Nested(3);

    private static readonly Gen<string> Model = Member(Spelled("model"), Gen.OneOf(Text, Gen.Const("null")));

    private static readonly Gen<string> Stream = Member(Spelled("stream"), Gen.OneOf("true", "true", "true", "false", "null"));

    private static readonly Gen<string> IncludeUsage = Member(Spelled("include_usage"), Gen.OneOf("true", "false", "null"));

    private static readonly Gen<string> StreamOptions = Member(Spelled("stream_options"), Gen.OneOf(
        Gen.Const("null"), Space.Select(s => $"{{{s}}}"), Object(IncludeUsage.Select(m => (string[])[m])),
        Object(Gen.Select(Maybe(IncludeUsage), Member(Gen.OneOf("\"other\"", "\"include_obfuscation\"", "\"include\\u005fusag\""), Value).Array[0, 2]).SelectMany((u, o) => Gen.Shuffle((string[])[.. u, .. o])))));

    /// <summary>Objects that a chat could begin with: each of the members that matter at most once, anywhere, in any spelling.</summary>
    public static readonly Gen<string> Body =
        from model in Maybe(Model)
        from stream in Maybe(Stream)
        from options in Maybe(StreamOptions)
        from others in Member(Other, Value).Array[0, 4]
        from members in Gen.Shuffle((string[])[.. model, .. stream, .. options, .. others])
        from text in Object(Gen.Const(members))
        from before in Space
        from after in Space
        select $"{before}{text}{after}";

    private static Gen<string> Nested(int depth) => depth == 0 ? Plain : Gen.OneOf(
        Plain, Plain, Nested(depth - 1).Array[0, 3].SelectMany(items => Space.Select(s => $"[{s}{string.Join($"{s},", items)}{s}]")),
        Object(Member(Gen.OneOf(Other, Spelled("model"), Spelled("stream_options"), Spelled("usage")), Nested(depth - 1)).Array[0, 3]));

    private static Gen<string> Object(Gen<string[]> members) => Gen.Select(members, Space, Space, (m, before, after) => $"{{{before}{string.Join(',', m)}{after}}}");

    private static Gen<string> Member(Gen<string> name, Gen<string> value) => Gen.Select(name, value, Space, Space, (n, v, s, t) => $"{s}{n}{t}:{s}{v}{t}");

    private static Gen<string[]> Maybe(Gen<string> member) => Gen.OneOf(Gen.Const(Array.Empty<string>()), member.Select(m => (string[])[m]), member.Select(m => (string[])[m]));

    // Each character of a name can be written as an escape.
    private static Gen<string> Spelled(string name) => Gen.OneOf(
        Gen.Const($"\"{name}\""), Gen.Int[0, name.Length - 1].Select(at => $"\"{name[..at]}\\u{(int)name[at]:x4}{name[(at + 1)..]}\""), Gen.Const($"\"{string.Concat(name.Select(c => $"\\u{(int)c:X4}"))}\""));
}
