"""The pages of the app: widgets in, specs out, figures shown."""
