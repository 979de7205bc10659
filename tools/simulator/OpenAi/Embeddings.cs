using System.Runtime.InteropServices;
using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

/// <summary><c>POST /v1/embeddings</c>: a vector for each input, as numbers or, as OpenAI's SDKs ask for, in base64.</summary>
internal sealed class Embeddings(Engine engine, Faults faults, NodeSettings settings)
{
    private const int MostInputs = 2048;
    private const int DefaultDimensions = 256;
    private const int MostDimensions = 4096;

    private sealed record Request(IReadOnlyList<string> Inputs, int Dimensions, bool Base64);

    public async Task AnswerAsync(HttpContext http)
    {
        if (await RequestBody.ReadAsync(http, settings.ServedName, Read) is not { } request) return;
        var tokens = request.Inputs.Sum(input => Speech.Count(input));
        using (var generation = await engine.BeginAsync(tokens, tokens: 0, http.RequestAborted))
            await generation.UntilMadeAsync(0, http.RequestAborted);
        await http.WriteJsonAsync(200, json =>
        {
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var (index, input) in request.Inputs.Index()) WriteVector(json, index, Speech.Vector(input, request.Dimensions), request.Base64);
            json.WriteEndArray();
            json.WriteString("model", settings.ServedName);
            json.WriteString("system_fingerprint", Speech.Fingerprint);
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", tokens);
            json.WriteNumber("total_tokens", tokens);
            json.WriteEndObject();
        });
        await http.Response.CompleteAsync();
        await faults.RequestCompletedAsync();
    }

    private static Request? Read(RequestBody body)
    {
        if (body.Required("input") is not { } input) return null;
        var inputs = input.ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray()] : new List<JsonElement> { input };
        if (inputs.Count is 0 or > MostInputs || !inputs.All(i => i.ValueKind == JsonValueKind.String))
            body.Refuse("invalid_type", $"'input' must be a string, or an array of 1 to {MostInputs} strings.", "input");
        if (body.Refusal is not null) return null;
        var format = body.Field("encoding_format") is { ValueKind: JsonValueKind.String } given ? given.GetString() : "float";
        if (format is not ("float" or "base64")) body.Refuse("invalid_value", "'encoding_format' must be float or base64.", "encoding_format");
        return new([.. inputs.Select(i => i.GetString()!)], body.Count("dimensions", MostDimensions) ?? DefaultDimensions, format == "base64");
    }

    private static void WriteVector(Utf8JsonWriter json, int index, float[] vector, bool base64)
    {
        json.WriteStartObject();
        json.WriteString("object", "embedding");
        json.WriteNumber("index", index);
        if (base64) json.WriteBase64String("embedding", MemoryMarshal.AsBytes(vector.AsSpan()));
        else
        {
            json.WriteStartArray("embedding");
            foreach (var x in vector) json.WriteNumberValue(x);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
