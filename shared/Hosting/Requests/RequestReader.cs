using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Hosting.Requests;

/// <summary>
/// Reads a JSON body by its <see cref="Field"/>s and collects everything that is wrong with it: wrong types and values, missing,
/// repeated and unknown fields, each by its path.
/// </summary>
public sealed class RequestReader
{
    private const int MostBytes = 64 * 1024;
    private readonly Dictionary<string, JsonElement> _given = [];
    private readonly Dictionary<string, List<string>> _errors = [];
    private readonly bool _defaults;
    private readonly IReadOnlyList<Field> _fields;
    private readonly IReadOnlyList<Field> _created;

    private RequestReader(JsonElement body, IReadOnlyList<Field> fields, bool defaults, IReadOnlyList<Field>? created)
    {
        (_defaults, _fields, _created) = (defaults, fields, created ?? []);
        Flatten(body, "");
    }

    /// <summary>Reads a request's body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fields">The fields it may have.</param>
    /// <param name="defaults">Whether a field that is not given takes its default (a creation) or stays null (a change).</param>
    /// <param name="created">For a change: the fields of the creation, some of which can't be changed.</param>
    /// <returns>The reader, or an answer that says why there is none.</returns>
    public static async Task<(RequestReader? Reader, IResult? Refused)> ReadAsync(
        HttpRequest request, IReadOnlyList<Field> fields, bool defaults, IReadOnlyList<Field>? created = null)
    {
        if (!request.HasJsonContentType() && request.ContentType?.StartsWith("application/merge-patch+json", StringComparison.OrdinalIgnoreCase) is not true)
            return (null, WrongType);
        if (request.Headers.ContentEncoding.Count > 0 || request.GetTypedHeaders().ContentType?.Charset is { HasValue: true } charset && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return (null, WrongType);

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MostBytes) return (null, Problems.From(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"A body has at most {MostBytes / 1024} KB."));
        }

        try
        {
            var bytes = body.ToArray();
            using var document = JsonDocument.Parse(bytes);
            if (!IsUnicode(bytes)) return (null, Problems.From(StatusCodes.Status400BadRequest, "malformed_json", "The body holds text that is no Unicode: half of a surrogate pair, or bytes that are no UTF-8."));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? (new RequestReader(document.RootElement.Clone(), fields, defaults, created), null)
                : (null, Problems.From(StatusCodes.Status400BadRequest, "malformed_json", "The body must be a JSON object."));
        }
        catch (JsonException e)
        {
            return (null, Problems.From(StatusCodes.Status400BadRequest, "malformed_json",
                $"The body is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message.Split(" LineNumber:")[0]}"));
        }
    }

    /// <summary>Everything that is wrong, as an answer; null when nothing is.</summary>
    public IResult? Refusal() => _errors.Count == 0 ? null : Problems.From(
        StatusCodes.Status422UnprocessableEntity, "invalid_request", "Some fields are wrong; errors lists them all.",
        _errors.ToDictionary(e => e.Key, e => e.Value.ToArray()));

    /// <summary>Notes that something is wrong beyond a single field.</summary>
    /// <param name="path">Field to name.</param>
    /// <param name="message">What is wrong and what to do.</param>
    public void Wrong(string path, string message)
    {
        if (!_errors.TryGetValue(path, out var messages)) _errors[path] = messages = [];
        messages.Add(message);
    }

    /// <summary>Whether the body says anything of a field, null included.</summary>
    /// <param name="field">The field.</param>
    public bool Has(Field field) => _given.ContainsKey(field.Path);

    /// <summary>Reads a text.</summary>
    /// <param name="field">The field.</param>
    public string? Text(TextField field)
    {
        if (!Given(field, out var value)) return Missing(field, null, field.IsOptional);
        if (value.ValueKind != JsonValueKind.String) return Not<string>(field, "a text");
        var text = value.GetString()!;
        if (text.Any(char.IsControl)) Wrong(field.Path, "must not contain control characters");
        else if (text.Length == 0 || text.Length > field.MaxLength) Wrong(field.Path, $"must have 1 to {field.MaxLength} characters");
        else if (field.Form?.IsMatch(text) is false) Wrong(field.Path, $"must be {field.Shape}");
        return text;
    }

    /// <summary>Reads a whole number.</summary>
    /// <param name="field">The field.</param>
    public int? Number(NumberField field)
    {
        if (!Given(field, out var value)) return _defaults ? field.Default : null;
        if (value.ValueKind != JsonValueKind.Number || value.GetRawText().AsSpan().ContainsAny(".eE")) return Not<int?>(field, "a whole number");
        if (value.TryGetInt32(out var number) && number >= field.Min && number <= field.Max) return number;
        Wrong(field.Path, $"must lie between {field.Min} and {field.Max}, not be {value.GetRawText()}");
        return null;
    }

    /// <summary>Reads a number with decimals.</summary>
    /// <param name="field">The field.</param>
    public decimal? Fraction(DecimalField field)
    {
        if (!Given(field, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var number)) return Not<decimal?>(field, "a number");
        if (number < field.Min || number > field.Max) Wrong(field.Path, $"must lie between {field.Min} and {field.Max}, not be {number}");
        else if (decimal.Round(number, field.Decimals) != number) Wrong(field.Path, $"must have at most {field.Decimals} decimals");
        else return number;
        return null;
    }

    /// <summary>Reads a list of texts.</summary>
    /// <param name="field">The field.</param>
    public IReadOnlyList<string> List(ListField field)
    {
        if (!Given(field, out var value)) return [];
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.String || e.GetString()!.Length > field.MaxLength) || value.GetArrayLength() > field.Most)
            return Not<IReadOnlyList<string>>(field, $"a list of at most {field.Most} texts of at most {field.MaxLength} characters") ?? [];
        return [.. value.EnumerateArray().Select(e => e.GetString()!)];
    }

    /// <summary>Reads a flag.</summary>
    /// <param name="field">The field.</param>
    public bool? Flag(FlagField field)
    {
        if (!Given(field, out var value)) return _defaults ? field.Default : null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Not<bool?>(field, "true or false");
    }

    /// <summary>Reads one of some words.</summary>
    /// <param name="field">The field.</param>
    public string? Choice(ChoiceField field)
    {
        if (!Given(field, out var value)) return Missing(field, field.Default, field.IsOptional);
        if (value.ValueKind != JsonValueKind.String) return Not<string>(field, "a text");
        var word = value.GetString()!;
        if (field.Words.Contains(word)) return word;
        var near = field.Words.OrderBy(w => Distance(w, word)).Take(3);
        Wrong(field.Path, field.Words.Count > 6 ? $"is no {field.Path} we know; near are {string.Join(", ", near)}" : $"must be one of {string.Join(", ", field.Words)}");
        return null;
    }

    private static IResult WrongType =>
        Problems.From(StatusCodes.Status415UnsupportedMediaType, "content_type", "Send the body as application/json in UTF-8, not compressed.");

    private static bool IsUnicode(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) _ = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private void Flatten(JsonElement element, string prefix)
    {
        var seen = new HashSet<string>();
        foreach (var property in element.EnumerateObject())
        {
            var (path, value) = (prefix + property.Name, property.Value);
            var field = _fields.FirstOrDefault(f => f.Path == path);
            if (!seen.Add(path)) Wrong(path, "stands twice");
            else if (property.Name.Contains('.')) Wrong(path, "is no field here: members stand inside of their object");
            else if (field is not (null or GroupField)) _given[path] = value;
            else if (field is null && !_fields.Any(f => f.Path.StartsWith($"{path}.", StringComparison.Ordinal))) Wrong(path, Unknown(path));
            else if (value.ValueKind is not JsonValueKind.Object && !(field is GroupField && value.ValueKind is JsonValueKind.Null)) Wrong(path, "must be an object");
            else
            {
                _given[path] = value;
                if (value.ValueKind is JsonValueKind.Object) Flatten(value, $"{path}.");
            }
        }
    }

    private string Unknown(string path)
    {
        if (_created.Any(f => f.Path == path)) return "can't be changed. Create another one";
        // What is meant may stand in a group: idleSeconds is scaling.idleSeconds.
        var near = _fields.Select(f => f.Path).MinBy(f => Math.Min(Distance(f, path), Distance(f[(f.IndexOf('.') + 1)..], path)))!;
        return Math.Min(Distance(near, path), Distance(near[(near.IndexOf('.') + 1)..], path)) <= path.Length / 2
            ? $"is no field here; nearest is {near}"
            : $"is no field here; there are {string.Join(", ", _fields.Select(f => f.Path))}";
    }

    private bool Given(Field field, out JsonElement value) =>
        _given.TryGetValue(field.Path, out value) && !(field.IsNullable && value.ValueKind is JsonValueKind.Null);

    private string? Missing(Field field, string? fallback, bool isOptional)
    {
        if (_defaults && fallback is null && !isOptional && !_errors.ContainsKey(field.Path)) Wrong(field.Path, "must be given");
        return _defaults ? fallback : null;
    }

    private T? Not<T>(Field field, string what)
    {
        Wrong(field.Path, $"must be {what}");
        return default;
    }

    // Levenshtein's distance, for suggestions.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
