namespace Hypervize.Simulator.OpenAi;

/// <summary><c>GET /v1/models</c>: the one model there is.</summary>
internal static class ServedModels
{
    public static Task WriteAsync(HttpContext http, string model, DateTimeOffset readyAt) => http.WriteJsonAsync(200, json =>
    {
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        json.WriteStartObject();
        json.WriteString("id", model);
        json.WriteString("object", "model");
        json.WriteNumber("created", readyAt.ToUnixTimeSeconds());
        json.WriteString("owned_by", Speech.Fingerprint);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("system_fingerprint", Speech.Fingerprint);
    });
}
