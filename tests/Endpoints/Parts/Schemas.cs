using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hypervize.Endpoints.Tests;

/// <summary>Holds JSON against the schemas of an OpenAPI document, as far as our document uses them.</summary>
internal sealed class Schemas(JsonObject document)
{
    /// <summary>What is not as the schema says, each with its path.</summary>
    public IEnumerable<string> Errors(JsonNode? value, JsonNode schema, string path = "$")
    {
        if ((string?)schema["$ref"] is { } reference) schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        if (schema["oneOf"] is JsonArray choices)
            return choices.Any(c => !Errors(value, c!, path).Any()) ? [] : [$"{path} is none of its kinds"];

        var kinds = schema["type"] switch { JsonArray several => several.Select(t => (string)t!), { } one => [(string)one!], null => [] };
        var kind = Kind(value);
        if (kinds.Any() && !kinds.Contains(kind) && !(kind == "integer" && kinds.Contains("number"))) return [$"{path} is {kind}, not {string.Join(" or ", kinds)}"];
        return value switch
        {
            JsonObject it => Errors(it, schema, path),
            JsonArray all when schema["items"] is { } items => all.SelectMany((item, i) => Errors(item, items, $"{path}[{i}]")),
            _ => schema["enum"] is JsonArray words && words.All(w => (string?)w != (string?)value) ? [$"{path} is none of its words: {value}"] : [],
        };
    }

    private IEnumerable<string> Errors(JsonObject it, JsonNode schema, string path)
    {
        foreach (var required in schema["required"]?.AsArray() ?? [])
            if (!it.ContainsKey((string)required!)) yield return $"{path}.{required} is missing";
        foreach (var (name, value) in it)
        {
            if (schema["properties"]?[name] is { } property)
                foreach (var error in Errors(value, property, $"{path}.{name}")) yield return error;
            else if (schema["properties"] is not null && schema["additionalProperties"] is null && schema["discriminator"] is null)
                yield return $"{path}.{name} is not documented";
        }
    }

    private static string Kind(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null or JsonValueKind.Undefined => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.ToJsonString().Contains('.') ? "number" : "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var other => throw new InvalidOperationException($"{other}"),
    };
}
