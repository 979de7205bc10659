using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Hypervize.Endpoints.Api;

/// <summary>The OpenAPI document, made from the routes and from the same fields that bodies are read by.</summary>
public static class OpenApi
{
    private sealed record Body(IReadOnlyList<Field> Fields, bool Change);

    /// <summary>Adds the document.</summary>
    /// <param name="services">The service's container.</param>
    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Hypervize", Version = "v1", Description = "A model ID in, a private OpenAI-compatible endpoint out. Errors are problem details (RFC 9457) with a stable code." };
            document.Servers = [];
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key: hvz_live_ and 33 characters." },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Body>().FirstOrDefault() is { } body)
                operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = Schema(body.Fields, body.Change) } } };
            return Task.CompletedTask;
        });
    });

    /// <summary>Says what body a route takes.</summary>
    /// <param name="route">The route.</param>
    /// <param name="fields">Fields of the body.</param>
    /// <param name="change">Whether a field that is not given stays as it is: then none is required, and none has a default.</param>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, IReadOnlyList<Field> fields, bool change = false) => route.WithMetadata(new Body(fields, change));

    /// <summary>Says what a route answers when all is well; otherwise it answers with problem details.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="route">The route.</param>
    /// <param name="status">HTTP status.</param>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, int status) => route.Produces<T>(status).ProducesProblem(StatusCodes.Status400BadRequest);

    /// <summary>Says that a route answers without a body when all is well.</summary>
    /// <param name="route">The route.</param>
    /// <param name="status">HTTP status.</param>
    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder route, int status) => route.Produces(status);

    /// <summary>Names a route for people and for generated clients.</summary>
    /// <param name="route">The route.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="name">Operation id.</param>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string summary, string name) => route.WithSummary(summary).WithName(name);

    /// <summary>The schema of a body.</summary>
    /// <param name="fields">Its fields.</param>
    /// <param name="change">Whether a field that is not given stays as it is.</param>
    public static OpenApiSchema Schema(IReadOnlyList<Field> fields, bool change)
    {
        var root = Object();
        foreach (var field in fields)
        {
            var (parent, name) = (root, field.Path);
            if (field.Path.Split('.') is [var group, var inner])
            {
                root.Properties!.TryAdd(group, Object());
                (parent, name) = ((OpenApiSchema)root.Properties![group], inner);
            }
            var property = Property(field);
            if (change) property.Default = null;
            parent.Properties![name] = property;
            if (!change && field is TextField { Default: null } or ChoiceField { Default: null }) parent.Required!.Add(name);
        }
        return root;
    }

    private static OpenApiSchema Object() => new()
    {
        Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema>(), Required = new HashSet<string>(), AdditionalPropertiesAllowed = false,
    };

    private static OpenApiSchema Property(Field field) => field switch
    {
        TextField text => new() { Type = JsonSchemaType.String, Description = text.Says, MinLength = 1, MaxLength = text.MaxLength, Pattern = text.Pattern, Default = text.Default },
        NumberField number => new()
        {
            Type = JsonSchemaType.Integer, Description = number.Says, Minimum = Text(number.Min), Maximum = Text(number.Max), Default = number.Default,
        },
        FlagField flag => new() { Type = JsonSchemaType.Boolean, Description = flag.Says, Default = flag.Default },
        ChoiceField choice => new() { Type = JsonSchemaType.String, Description = choice.Says, Enum = [.. choice.Words.Select(w => (JsonNode)w)], Default = choice.Default },
        _ => throw new InvalidOperationException($"{field.GetType().Name} has no schema."),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
