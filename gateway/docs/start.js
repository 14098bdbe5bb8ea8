// Shows the description. Nothing is asked of any other host: no validator, no fonts.

// Swagger UI parses JSON to show it, and would round long integers. So it gets text, indented here.
const Exact = () => ({
  wrapComponents: {
    responseBody: (Original, system) => (props) => {
      const isJson = /json/.test(props.contentType ?? "") && typeof props.content === "string";
      const shown = isJson
        ? { ...props, content: indent(props.content), contentType: "text/plain" }
        : props;
      return system.React.createElement(Original, shown);
    },
  },
});

function indent(json) {
  let depth = 0;
  const line = (change) => "\n" + "  ".repeat((depth += change));
  // A string, an empty list or object, or one character.
  return json.trim().replace(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|\s+|[{}[\],:]/g, (part) => {
    switch (part) {
      case "{": case "[": return part + line(1);
      case "}": case "]": return line(-1) + part;
      case ",": return part + line(0);
      case ":": return ": ";
      default: return part.trim() === "" ? "" : part;
    }
  });
}

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  plugins: [Exact],
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null,
});
