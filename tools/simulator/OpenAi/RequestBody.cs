using System.Text.Json;

namespace Hypervize.Simulator.OpenAi;

/// <summary>A request's fields as they are read, and the first thing found wrong with them.</summary>
internal sealed class RequestBody(JsonElement fields)
{
    public Refusal? Refusal { get; private set; }

    /// <summary>Reads a request's JSON object, and whether it asks for the model that is served, by <paramref name="read"/>.</summary>
    /// <returns>What was read; null after the refusal was written.</returns>
    public static async Task<T?> ReadAsync<T>(HttpContext http, string servedModel, Func<RequestBody, T?> read) where T : class
    {
        Refusal refusal;
        try
        {
            using var document = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            var body = new RequestBody(document.RootElement);
            if (document.RootElement.ValueKind != JsonValueKind.Object) body.Refuse("invalid_json", "The body must be a JSON object.");
            else body.AskFor(servedModel);
            var request = body.Refusal is null ? read(body) : null;
            if (body.Refusal is null) return request;
            refusal = body.Refusal;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A string that is no text, such as half a surrogate pair, is found out only when it is read.
            refusal = new(400, "invalid_json", $"The body is no valid JSON: {e.Message}");
        }
        catch (BadHttpRequestException e)
        {
            refusal = new(e.StatusCode, "invalid_body", e.Message);
        }
        await refusal.WriteAsync(http);
        return null;
    }

    public JsonElement? Field(string name) => fields.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null ? field : null;

    public JsonElement? Required(string name)
    {
        if (Field(name) is { } field) return field;
        Refuse("missing_required_parameter", $"Missing required parameter: '{name}'.", name);
        return null;
    }

    public bool Flag(string name)
    {
        if (Field(name) is not { } field) return false;
        if (field.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Refuse("invalid_type", $"'{name}' must be true or false.", name);
        return field.ValueKind == JsonValueKind.True;
    }

    public int? Count(string name, int most)
    {
        if (Field(name) is not { } field) return null;
        if (field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var count) && count >= 1 && count <= most) return count;
        Refuse("invalid_value", $"'{name}' must be a whole number from 1 to {most}.", name);
        return null;
    }

    public void Refuse(string code, string message, string? param = null) => Refusal ??= new(400, code, message, param);

    private void AskFor(string servedModel)
    {
        if (Required("model") is not { } model) return;
        if (model.ValueKind != JsonValueKind.String) Refuse("invalid_type", "'model' must be a string.", "model");
        else if (!model.ValueEquals(servedModel))
            Refusal ??= new(404, "model_not_found", $"The model '{model.GetString()}' does not exist; this node serves '{servedModel}'.", "model");
    }
}
